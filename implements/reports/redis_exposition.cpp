#include "reports/redis_exposition.hpp"

#include "reports/reported_component.hpp"

#include <cachesite/detail/redis_statistics.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite::reports {

namespace {

using Endpoint = std::pair<std::string, RedisEndpointStatistics>;  // with its labels

struct Family {
  std::string_view name;
  std::string_view help;
  std::uint64_t RedisEndpointStatistics::*field;
};

constexpr Family families[] = {
    {"redis_connects_total", "Connections that became ready.", &RedisEndpointStatistics::connects},
    {"redis_failed_connects_total", "Attempts to connect that failed.",
     &RedisEndpointStatistics::failed_connects},
    {"redis_losses_total", "Connections that were lost.", &RedisEndpointStatistics::losses},
    {"redis_answers_total", "Calls that the server answered.", &RedisEndpointStatistics::answered},
    {"redis_failures_total", "Calls without an answer.", &RedisEndpointStatistics::failed},
    {"redis_timeouts_queued_total", "Calls that timed out before they were sent.",
     &RedisEndpointStatistics::timeouts_queued},
    {"redis_timeouts_sent_total", "Calls that timed out after they were sent.",
     &RedisEndpointStatistics::timeouts_sent},
    {"redis_retries_total", "Commands sent or queued again after a loss.", &RedisEndpointStatistics::retries},
    {"redis_breaker_openings_total", "How often the circuit breaker opened.",
     &RedisEndpointStatistics::breaker_openings},
    {"redis_received_bytes_total", "Bytes received.", &RedisEndpointStatistics::bytes_received},
    {"redis_sent_bytes_total", "Bytes sent.", &RedisEndpointStatistics::bytes_sent},
};

// At most an eighth too long, as the intervals are.
std::chrono::nanoseconds sum_of(const LatencyHistogram& histogram) {
  std::chrono::nanoseconds sum(0);
  for (std::size_t interval = 0; interval < LatencyHistogram::size; ++interval)
    sum += LatencyHistogram::longest_in(interval) * static_cast<std::int64_t>(histogram.count_in(interval));
  return sum;
}

std::vector<Endpoint> endpoints_of(const ComponentSite& site) {
  std::vector<Endpoint> endpoints;
  // A cache shows the servers of its store, which may have a name too.
  std::set<const IRedisStatistics*> seen;
  for (const auto& reported : all_components(site)) {
    const auto* const redis =
        reported.component ? find_interface<IRedisStatistics>(std::as_const(*reported.component)) : nullptr;
    if (!redis || !seen.insert(redis).second) continue;
    const auto labels = Exposition::with_label(Exposition::with_label({}, "component", reported.name),
                                               "class", reported.class_name);
    for (auto& statistics : redis->endpoint_statistics())
      endpoints.emplace_back(Exposition::with_label(labels, "server", statistics.address),
                             std::move(statistics));
  }
  return endpoints;
}

}  // namespace

void add_redis_endpoints(Exposition& exposition, const ComponentSite& site) {
  const auto endpoints = endpoints_of(site);
  exposition.begin("redis_up", "gauge", "1 while there is a connection to the server.");
  for (const auto& [labels, statistics] : endpoints)
    exposition.add(labels, std::uint64_t{statistics.state == RedisEndpointState::up ? 1U : 0U});
  exposition.begin("redis_breaker_closed", "gauge", "0 while the circuit breaker is open or half open.");
  for (const auto& [labels, statistics] : endpoints)
    exposition.add(labels, std::uint64_t{statistics.breaker == RedisBreakerState::closed ? 1U : 0U});
  for (const auto& family : families) {
    exposition.begin(family.name, "counter", family.help);
    for (const auto& [labels, statistics] : endpoints)
      exposition.add(labels, statistics.*family.field);
  }
  exposition.begin("redis_call_duration_seconds", "histogram", "Duration of answered calls.");
  for (const auto& [labels, statistics] : endpoints)
    exposition.add(labels, statistics.latency, sum_of(statistics.latency));
}

}  // namespace cachesite::reports
