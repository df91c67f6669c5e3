#include "layers/remember/computation_rules.hpp"

#include <cachesite/key_range.hpp>

#include <algorithm>

namespace cachesite::remembering {

ComputationRules::ComputationRules(const RememberCacheOptions& options)
    : usual_{{}, options.negative_ttl, options.stale.keep, options.error_ttl, options.refresh.from} {
  for (const auto& given : options.rules) {
    Rule rule{given.match, given.match.substr(0, given.match.find_first_of("*?[\\")), usual_};
    if (given.ttl) rule.terms.time_to_live = TimeToLive(*given.ttl);
    if (given.negative_ttl) rule.terms.negative_ttl = given.negative_ttl;
    rule.terms.stale = given.stale.value_or(usual_.stale);
    rule.terms.error_ttl = given.error_ttl.value_or(usual_.error_ttl);
    rule.terms.refresh_from = given.refresh_from.value_or(usual_.refresh_from);
    rules_.push_back(std::move(rule));
  }
}

const Terms& ComputationRules::terms_for(std::string_view key) const noexcept {
  for (const auto& rule : rules_)
    if (key.starts_with(rule.start) && matches_key_pattern(rule.match, key)) return rule.terms;
  return usual_;
}

std::chrono::milliseconds ComputationRules::longest_stale() const noexcept {
  auto longest = usual_.stale;
  for (const auto& rule : rules_)
    longest = std::max(longest, rule.terms.stale);
  return longest;
}

}  // namespace cachesite::remembering
