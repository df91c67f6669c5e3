#include "reports/reported_component.hpp"

#include <cachesite/cache.hpp>
#include <cachesite/cache_metrics.hpp>
#include <cachesite/site_reports.hpp>

#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite {

namespace {

// One cache with everything that is shown of it, read once.
struct Source {
  std::string labels;  // `cache="sessions",class="MemoryCache"`
  CacheStatistics statistics;
  bool works = true;
  std::unique_ptr<CacheMetrics> metrics = {};
};

struct Family {
  std::string_view name;
  std::string_view type;
  std::string_view help;
  std::uint64_t CacheStatistics::*field;
};

constexpr std::array families{
    Family{"hits_total", "counter", "Reads that found a value or a cached null.", &CacheStatistics::hits},
    Family{"misses_total", "counter", "Reads that found nothing.", &CacheStatistics::misses},
    Family{"failures_total", "counter", "Calls that ended in an error.", &CacheStatistics::failures},
    Family{"refusals_total", "counter", "Calls refused for their arguments.", &CacheStatistics::refusals},
    Family{"writes_total", "counter", "Values stored.", &CacheStatistics::writes},
    Family{"removals_total", "counter", "Entries removed by a caller.", &CacheStatistics::removals},
    Family{"clears_total", "counter", "Calls that removed all entries.", &CacheStatistics::clears},
    Family{"evictions_total", "counter", "Entries given up for room.", &CacheStatistics::evictions},
    Family{"expirations_total", "counter", "Entries dropped because their time was over.",
           &CacheStatistics::expirations},
    Family{"tag_evictions_total", "counter", "Calls that ended all entries of some tags.",
           &CacheStatistics::tag_evictions},
    Family{"stampede_waits_total", "counter", "Callers who waited for a value that was being computed.",
           &CacheStatistics::stampede_waits},
    Family{"entries", "gauge", "Entries held.", &CacheStatistics::entries},
    Family{"bytes", "gauge", "Bytes held.", &CacheStatistics::bytes},
};

// Upper bounds of the shown buckets: 2^8 - 1 ns, 2^10 - 1 ns and so on up to 17 seconds.
constexpr unsigned first_bound = 8;
constexpr unsigned last_bound = 34;

std::string escaped(std::string_view text) {
  std::string result;
  for (const char character : text) {
    if (character == '\\' || character == '"') result.push_back('\\');
    if (character == '\n')
      result.append("\\n");
    else
      result.push_back(character);
  }
  return result;
}

std::string seconds_text(std::chrono::nanoseconds duration) {
  std::array<char, 32> digits{};
  const auto written = std::to_chars(digits.data(), digits.data() + digits.size(),
                                     std::chrono::duration<double>(duration).count());
  return {digits.data(), written.ptr};
}

class Exposition {
 public:
  void family(std::string_view name, std::string_view type, std::string_view help) {
    text_.append("# HELP cachesite_cache_").append(name).append(" ").append(help);
    text_.append("\n# TYPE cachesite_cache_").append(name).append(" ").append(type).append("\n");
  }
  void sample(std::string_view name, std::string_view labels, std::string_view value) {
    text_.append("cachesite_cache_").append(name).append("{").append(labels).append("} ");
    text_.append(value).append("\n");
  }
  void sample(std::string_view name, std::string_view labels, std::uint64_t value) {
    sample(name, labels, std::to_string(value));
  }
  std::string take() && { return std::move(text_); }

 private:
  std::string text_;
};

std::string with_operation(const Source& source, std::size_t operation) {
  return source.labels + ",operation=\"" + std::string(to_string(static_cast<CacheOperation>(operation))) +
         "\"";
}

void write_duration(Exposition& exposition, const std::string& labels, const OperationMetrics& operation) {
  std::uint64_t sum = 0;
  std::size_t next = 0;
  for (unsigned bound = first_bound; bound <= last_bound; bound += 2) {
    const std::chrono::nanoseconds longest((std::int64_t{1} << bound) - 1);
    for (const auto last = LatencyHistogram::interval_of(longest); next <= last; ++next)
      sum += operation.latency.count_in(next);
    exposition.sample("operation_duration_seconds_bucket", labels + ",le=\"" + seconds_text(longest) + "\"",
                      sum);
  }
  exposition.sample("operation_duration_seconds_bucket", labels + ",le=\"+Inf\"", operation.latency.count());
  exposition.sample("operation_duration_seconds_sum", labels, seconds_text(operation.timed));
  exposition.sample("operation_duration_seconds_count", labels, operation.latency.count());
}

// Calls `write` for each operation that was used, after the head of the family if there is one.
template <class Write>
void each_operation(Exposition& exposition, const std::vector<Source>& sources, const Family& family,
                    Write write) {
  bool begun = false;
  for (const auto& source : sources) {
    for (std::size_t index = 0; source.metrics && index < cache_operations; ++index) {
      const auto& operation = source.metrics->operations[index];
      if (operation.calls == 0) continue;
      if (!begun) exposition.family(family.name, family.type, family.help);
      begun = true;
      write(with_operation(source, index), operation);
    }
  }
}

std::vector<Source> sources_of(const ComponentSite& site) {
  std::vector<Source> sources;
  for (const auto& reported : reports::reported_components(site, ICache::interface_name)) {
    const auto* const cache = dynamic_cast<const ICache*>(reported.component.get());
    if (!cache) continue;
    Source source;
    source.labels = "cache=\"" + escaped(reported.name) + "\",class=\"" + escaped(reported.class_name) + "\"";
    source.works = cache->health().state != HealthState::down;
    if (const auto* const measured = dynamic_cast<const ICacheMetrics*>(cache)) {
      source.metrics = std::make_unique<CacheMetrics>(measured->metrics());
      source.statistics = source.metrics->statistics;
    } else {
      source.statistics = cache->statistics();
    }
    sources.push_back(std::move(source));
  }
  return sources;
}

}  // namespace

std::string prometheus_text(const ComponentSite& site) {
  const auto sources = sources_of(site);
  if (sources.empty()) return {};
  Exposition exposition;
  exposition.family("up", "gauge", "1 unless the cache is down.");
  for (const auto& source : sources)
    exposition.sample("up", source.labels, std::uint64_t{source.works ? 1U : 0U});
  for (const auto& family : families) {
    exposition.family(family.name, family.type, family.help);
    for (const auto& source : sources)
      exposition.sample(family.name, source.labels, source.statistics.*family.field);
  }
  each_operation(exposition, sources,
                 {"operations_total", "counter", "Calls by operation, failed ones included.", nullptr},
                 [&](const std::string& labels, const OperationMetrics& operation) {
                   exposition.sample("operations_total", labels, operation.calls);
                 });
  each_operation(exposition, sources,
                 {"operation_failures_total", "counter", "Calls that failed, by operation.", nullptr},
                 [&](const std::string& labels, const OperationMetrics& operation) {
                   exposition.sample("operation_failures_total", labels, operation.failures);
                 });
  each_operation(exposition, sources,
                 {"operation_duration_seconds", "histogram",
                  "How long calls took that were timed and did not fail.", nullptr},
                 [&](const std::string& labels, const OperationMetrics& operation) {
                   write_duration(exposition, labels, operation);
                 });
  return std::move(exposition).take();
}

}  // namespace cachesite
