#pragma once

#include <cachesite/cache_hook.hpp>
#include <cachesite/cache_layer.hpp>
#include <cachesite/component_context.hpp>
#include <cachesite/detail/cache_metrics.hpp>
#include <cachesite/detail/implementation_pointer.hpp>
#include <cachesite/parameter.hpp>
#include <cachesite/reference.hpp>

#include <cstdint>
#include <memory>

namespace cachesite {

namespace layers {
class MetricsCounters;
struct RequestEnd;
}  // namespace layers

/// Settings of a MetricsCache, explained by `cachesite describe MetricsCache` and configs/reference.md.
struct MetricsCacheOptions {
  Reference<ICache> over;
  std::uint32_t sample_every = 128;

  static ParameterTable parameters();
};

/// Counts the calls that go through it, and times some of them.
///
/// `statistics()` has the reads, writes, removals, clears, failures and refusals of the calls made here, and
/// everything else (entries, bytes, evictions, tag evictions, stampede waits ...) from the cache below: two
/// users of one cache have separate hit ratios. Each key of a batch counts. `metrics()` adds calls, failures
/// and a histogram of durations for each operation.
///
/// Counters are spread over cache lines by thread. A hit costs one counter; reading the clock costs more, so
/// only one of `sample_every` calls is timed, including the first. A running read counts as a hit until it
/// ends otherwise; the reported number of hits still never falls.
class MetricsCache final : public CacheLayer, public ICacheMetrics {
 public:
  using provides = Provides<ICache, ICacheMetrics>;
  using passes_on = PassedOn;
  using Options = MetricsCacheOptions;

  /// Throws std::invalid_argument when `over` is not set.
  explicit MetricsCache(const MetricsCacheOptions& options, const ComponentContext& context = {});
  ~MetricsCache() override;

  void stop() noexcept override;
  [[nodiscard]] CacheStatistics statistics() const override;
  [[nodiscard]] CacheMetrics metrics() const override;

 protected:
  Result<Found> do_read(std::string_view key, Value& destination) override;
  void do_begin(CacheRequest& request) override;
  [[nodiscard]] bool may_wait() const noexcept override { return below_may_wait(); }
  bool do_begin_async(AsyncRequest& request) override;
  void on_refused() noexcept override;

 private:
  class AsyncEnd;

  Result<Found> untimed_read(std::string_view key, Value& destination);
  Result<Found> noted_read(std::string_view key, Value& destination, MetricsCache* const volatile& self);
  Result<Found> timed_read(std::string_view key, Value& destination);
  void read_otherwise(CacheRequest& request);
  void note(const Result<Found>& found) noexcept;
  void note_failure() noexcept;
  void note(const CacheRequest& request, const layers::RequestEnd& end) noexcept;
  void note_reads(std::uint64_t keys, const CacheCallResult& result) noexcept;

  const detail::ImplementationPointer<layers::MetricsCounters> counters_;
  const std::shared_ptr<const IClock> clock_;
};

}  // namespace cachesite
