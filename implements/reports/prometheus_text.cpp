#include "basics/cache_families.hpp"
#include "reports/component_exposition.hpp"
#include "reports/computing_exposition.hpp"
#include "reports/exposition.hpp"
#include "reports/rate_limiter_exposition.hpp"
#include "reports/redis_exposition.hpp"
#include "reports/reported_component.hpp"
#include "reports/tier_exposition.hpp"

#include <cachesite/cache.hpp>
#include <cachesite/cache_layer.hpp>
#include <cachesite/detail/cache_metrics.hpp>
#include <cachesite/logical_cache.hpp>
#include <cachesite/site_reports.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite {

namespace {

using reports::Exposition;

// One cache with everything that is shown of it, read once.
struct Source {
  std::string labels;  // `cache="sessions",class="MemoryCache"`
  CacheStatistics statistics;
  bool works = true;
  std::unique_ptr<CacheMetrics> metrics = {};
};

// The operations that were used of the caches with metrics, with their labels.
template <class Add>
void each_operation(const std::vector<Source>& sources, Add add) {
  for (const auto& source : sources) {
    for (std::size_t index = 0; source.metrics && index < cache_operations; ++index) {
      const auto& operation = source.metrics->operations[index];
      const auto name = to_string(static_cast<CacheOperation>(index));
      if (operation.calls > 0) add(Exposition::with_label(source.labels, "operation", name), operation);
    }
  }
}

Source source_of(const ICache& cache, std::string_view name, std::string_view class_name) {
  Source source;
  source.labels = Exposition::with_label(Exposition::with_label({}, "cache", name), "class", class_name);
  source.works = cache.health().state != HealthState::down;
  if (const auto* const measured = find_interface<ICacheMetrics>(cache)) {
    source.metrics = std::make_unique<CacheMetrics>(measured->metrics());
    source.statistics = source.metrics->statistics;
  } else {
    source.statistics = cache.statistics();
  }
  return source;
}

// The copies that a cache keeps in memory.
void add_parts(std::vector<Source>& sources, const LogicalCache& cache, const std::string& name) {
  for (const auto& part : cache.parts())
    if (dynamic_cast<const CacheLayer*>(part.cache.get()) == nullptr)
      sources.push_back(source_of(*part.cache, name + "." + std::string(part.name), part.class_name));
}

std::vector<Source> sources_of(const ComponentSite& site, bool parts) {
  std::vector<Source> sources;
  const auto components = parts ? reports::all_components : reports::reported_components;
  for (const auto& reported : components(site, ICache::interface_name)) {
    const auto* const cache = dynamic_cast<const ICache*>(reported.component.get());
    if (!cache) continue;
    sources.push_back(source_of(*cache, reported.name, reported.class_name));
    const auto* const logical = dynamic_cast<const LogicalCache*>(cache);
    if (parts && logical != nullptr) add_parts(sources, *logical, reported.name);
  }
  return sources;
}

void add_caches(Exposition& exposition, const std::vector<Source>& sources) {
  exposition.begin("cache_up", "gauge", "1 unless the cache is down.");
  for (const auto& source : sources)
    exposition.add(source.labels, std::uint64_t{source.works ? 1U : 0U});
  for (const auto& family : basics::cache_families) {
    const std::string name(family.name);
    exposition.begin(family.is_counter ? name + "_total" : name, family.is_counter ? "counter" : "gauge",
                     family.help);
    for (const auto& source : sources)
      exposition.add(source.labels, source.statistics.*family.field);
  }
  exposition.begin("cache_operations_total", "counter", "Calls by operation, failed ones included.");
  each_operation(sources, [&](const std::string& labels, const OperationMetrics& operation) {
    exposition.add(labels, operation.calls);
  });
  exposition.begin("cache_operation_failures_total", "counter", "Calls that failed, by operation.");
  each_operation(sources, [&](const std::string& labels, const OperationMetrics& operation) {
    exposition.add(labels, operation.failures);
  });
  exposition.begin("cache_operation_duration_seconds", "histogram", "Duration of successful timed calls.");
  each_operation(sources, [&](const std::string& labels, const OperationMetrics& operation) {
    exposition.add(labels, operation.latency, operation.timed);
  });
}

}  // namespace

std::string prometheus_text(const ComponentSite& site, const MetricsReportOptions& options) {
  Exposition exposition;
  add_caches(exposition, sources_of(site, options.parts));
  reports::add_computing(exposition, site);
  reports::add_tiers(exposition, site);
  reports::add_rate_limiters(exposition, site);
  reports::add_redis_endpoints(exposition, site);
  reports::add_components(exposition, site);
  return std::move(exposition).take();
}

}  // namespace cachesite
