#include "reports/rate_limiter_exposition.hpp"

#include "reports/reported_component.hpp"

#include <cachesite/rate_limiter.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite::reports {

namespace {

struct Limiter {
  std::string labels;
  bool works;
  RateLimiterStatistics statistics;
};

struct LimiterFamily {
  std::string_view name;
  std::string_view type;
  std::string_view help;
  std::uint64_t RateLimiterStatistics::*field;
};

constexpr LimiterFamily limiter_families[] = {
    {"rate_limiter_allowed_total", "counter", "Calls that were allowed.", &RateLimiterStatistics::allowed},
    {"rate_limiter_refused_total", "counter", "Calls that were refused.", &RateLimiterStatistics::refused},
    {"rate_limiter_without_server_total", "counter", "Calls that were decided without the server.",
     &RateLimiterStatistics::without_server},
    {"rate_limiter_crowded_total", "counter", "Calls of keys that share a limit for lack of room.",
     &RateLimiterStatistics::crowded},
    {"rate_limiter_keys", "gauge", "Keys remembered in the process.", &RateLimiterStatistics::keys},
};

std::vector<Limiter> limiters_of(const ComponentSite& site) {
  std::vector<Limiter> limiters;
  for (const auto& reported : all_components(site, IRateLimiter::interface_name)) {
    const auto* const limiter = dynamic_cast<const IRateLimiter*>(reported.component.get());
    if (!limiter) continue;
    limiters.push_back({Exposition::with_label(Exposition::with_label({}, "limiter", reported.name), "class",
                                               reported.class_name),
                        limiter->health().state != HealthState::down, limiter->statistics()});
  }
  return limiters;
}

}  // namespace

void add_rate_limiters(Exposition& exposition, const ComponentSite& site) {
  const auto limiters = limiters_of(site);
  exposition.begin("rate_limiter_up", "gauge",
                   "0 while the limiter refuses every call because its server does not answer.");
  for (const auto& limiter : limiters)
    exposition.add(limiter.labels, std::uint64_t{limiter.works ? 1U : 0U});
  for (const auto& family : limiter_families) {
    exposition.begin(family.name, family.type, family.help);
    for (const auto& limiter : limiters)
      exposition.add(limiter.labels, limiter.statistics.*family.field);
  }
}

}  // namespace cachesite::reports
