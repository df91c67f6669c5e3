#pragma once

#include "telemetry/envelope_text.hpp"

#include <cachesite/detail/cache_metrics.hpp>
#include <cachesite/detail/redis_statistics.hpp>
#include <cachesite/site.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace cachesite::telemetry {

/// What a component says of itself, read once.
struct MetricsSource {
  std::string name;
  std::string class_name;
  bool is_cache = false;
  CacheStatistics cache;
  std::shared_ptr<const CacheMetrics> operations;  // may be null
  std::vector<RedisEndpointStatistics> servers;
};

/// The components of a site that have numbers, each once.
[[nodiscard]] std::vector<MetricsSource> read_metrics(const IComponentSite& site);

/// Since when numbers are counted, and when they were read; nanoseconds since 1970.
struct MetricsTimes {
  std::int64_t begin = 0;
  std::int64_t now = 0;
};

/// Requests with all of it, none of which is longer than `most` unless one component's numbers are.
[[nodiscard]] std::vector<std::string> metrics_requests(const EnvelopeText& envelope,
                                                        const std::vector<MetricsSource>& sources,
                                                        MetricsTimes times, std::size_t most);

}  // namespace cachesite::telemetry
