#include "layers/remember/computation_rules.hpp"

#include <algorithm>
#include <utility>

namespace cachesite::remembering {

ComputationRules::ComputationRules(const RememberCacheOptions& options)
    : rules_({{}, options.negative_ttl, options.stale.keep, options.error_ttl, options.refresh.from}) {
  const auto& usual = rules_.usual();
  for (const auto& given : options.rules) {
    Terms terms = usual;
    if (given.ttl) terms.time_to_live = TimeToLive(*given.ttl);
    if (given.negative_ttl) terms.negative_ttl = given.negative_ttl;
    terms.stale = given.stale.value_or(usual.stale);
    terms.error_ttl = given.error_ttl.value_or(usual.error_ttl);
    terms.refresh_from = given.refresh_from.value_or(usual.refresh_from);
    rules_.add(given.match, terms);
  }
}

std::chrono::milliseconds ComputationRules::longest_stale() const noexcept {
  std::chrono::milliseconds longest{0};
  rules_.for_each([&](const Terms& terms) { longest = std::max(longest, terms.stale); });
  return longest;
}

ChangingRules::ChangingRules(const RememberCacheOptions& options)
    : all_(new Node{ComputationRules(options)}), present_(&all_.load()->rules) {}

ChangingRules::~ChangingRules() {
  for (const auto* node = all_.load(); node != nullptr;)
    delete std::exchange(node, node->next);
}

bool ChangingRules::change(ComputationRules rules) {
  for (const auto* node = all_.load(std::memory_order_acquire); node != nullptr; node = node->next)
    if (node->rules == rules) {
      present_.store(&node->rules, std::memory_order_release);
      return true;
    }
  if (count_.fetch_add(1) >= most) {
    count_.fetch_sub(1);
    return false;
  }
  auto* const node = new Node{std::move(rules), all_.load()};
  while (!all_.compare_exchange_weak(node->next, node)) {
  }
  present_.store(&node->rules, std::memory_order_release);
  return true;
}

}  // namespace cachesite::remembering
