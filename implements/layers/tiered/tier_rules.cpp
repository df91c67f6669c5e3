#include "layers/tiered/tier_rules.hpp"

#include <algorithm>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <utility>

namespace cachesite::tiered {

namespace {

using std::chrono::milliseconds;

std::optional<TimeToLive> negative(milliseconds negative_ttl, TimeToLive near_ttl) {
  if (negative_ttl.count() <= 0) return std::nullopt;
  return TimeToLive(std::min(negative_ttl, near_ttl.milliseconds()));
}

}  // namespace

TierRules::TierRules(milliseconds near_ttl, milliseconds negative_ttl, const std::vector<TierRule>& rules)
    : usual_{TimeToLive(near_ttl), negative(negative_ttl, TimeToLive(near_ttl)), {}, true} {
  set(rules);
}

TierRules::Rules TierRules::made_of(const std::vector<TierRule>& rules) const {
  Rules made(usual_);
  for (const auto& rule : rules) {
    TierTerms terms = usual_;
    if (rule.near_ttl) terms.near_ttl = TimeToLive(*rule.near_ttl);
    terms.negative_ttl =
        negative(rule.negative_ttl.value_or(usual_.negative_ttl ? usual_.negative_ttl->milliseconds()
                                                                : milliseconds(0)),
                 terms.near_ttl);
    terms.keep_stale = rule.keep_stale;
    terms.near = rule.near;
    made.add(rule.match, terms);
  }
  return made;
}

void TierRules::set(const std::vector<TierRule>& rules) {
  auto made = made_of(rules);
  const std::unique_lock lock(mutex_);
  rules_ = std::move(made);
  any_.store(!rules_.empty(), std::memory_order_release);
}

TierTerms TierRules::terms_for(std::string_view key) const {
  if (!any_.load(std::memory_order_acquire)) return usual_;
  const std::shared_lock lock(mutex_);
  return rules_.terms_for(key);
}

std::optional<std::size_t> TierRules::place_for(std::string_view key) const {
  const std::shared_lock lock(mutex_);
  return rules_.place_for(key);
}

milliseconds TierRules::longest_stale() const {
  milliseconds longest{0};
  const std::shared_lock lock(mutex_);
  rules_.for_each([&](const TierTerms& terms) {
    longest = std::max(longest, terms.keep_stale.value_or(milliseconds(0)));
  });
  return longest;
}

}  // namespace cachesite::tiered
