#pragma once

#include <cachesite/cache_hook.hpp>
#include <cachesite/cache_layer.hpp>
#include <cachesite/cache_metrics.hpp>
#include <cachesite/component_context.hpp>
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

/// Settings of a MetricsCache.
struct MetricsCacheOptions {
  /// The cache whose calls are counted.
  Reference<ICache> over;
  /// One of so many calls of an operation is timed, for each thread; 1 times every call. Rounded up to a
  /// power of two.
  std::uint32_t sample_every = 128;

  static ParameterTable parameters();
};

/// Counts the calls that go through it, and times some of them.
///
/// `statistics()` has the reads, writes, removals, clears, failures and refusals of the calls made here, and
/// everything else (entries, bytes, evictions, tag evictions, stampede waits ...) from the cache below: two
/// programs' parts over one cache, or two parts of one program, have hit ratios of their own. Of a batch each
/// key counts. `metrics()` adds calls, failures and a histogram of durations for each operation.
///
/// Counters are spread over cache lines by thread. A hit costs one of them and no clock; reading the clock
/// costs more than the rest, so it is read for one call of `sample_every` only, the first one included. A
/// read that is under way counts as a hit until it has ended otherwise; a number of hits that was reported
/// does not fall for that: later hits make up for it.
class MetricsCache final : public CacheLayer, public ICacheMetrics {
 public:
  using provides = Provides<ICache, ICacheMetrics>;
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
  void on_refused() noexcept override;

 private:
  Result<Found> untimed_read(std::string_view key, Value& destination);
  Result<Found> noted_read(std::string_view key, Value& destination, MetricsCache* const volatile& self);
  Result<Found> timed_read(std::string_view key, Value& destination);
  void read_by_target(CacheRequest& request);
  void note(const Result<Found>& found) noexcept;
  void note_failure() noexcept;
  void note(const CacheRequest& request, const layers::RequestEnd& end) noexcept;
  void note_reads(std::uint64_t keys, const CacheCallResult& result) noexcept;

  const detail::ImplementationPointer<layers::MetricsCounters> counters_;
  const std::shared_ptr<const IClock> clock_;
};

}  // namespace cachesite
