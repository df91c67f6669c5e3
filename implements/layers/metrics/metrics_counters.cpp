#include "layers/metrics/metrics_counters.hpp"

namespace cachesite::layers {

namespace {

std::uint64_t read(const MetricsCounters::Counter& counter) noexcept {
  return counter.load(std::memory_order_relaxed);
}

// Each key of a batch counts by itself.
bool is_batch(CacheOperation operation) noexcept {
  return operation == CacheOperation::get_many || operation == CacheOperation::set_many ||
         operation == CacheOperation::remove_many || operation == CacheOperation::time_to_live_many;
}

}  // namespace

void MetricsCounters::fill(CacheStatistics& statistics) const noexcept {
  std::uint64_t hits = 0, misses = 0, failures = 0;
  statistics.writes = statistics.removals = statistics.clears = statistics.refusals = 0;
  for (const auto& stripe : reads_) {
    const auto missed = read(stripe.misses);
    const auto failed = read(stripe.failures);
    const auto reads = read(stripe.reads);
    hits += read(stripe.batch_hits) + (reads > missed + failed ? reads - missed - failed : 0);
    misses += missed + read(stripe.batch_misses);
    failures += failed + read(stripe.batch_failures);
  }
  for (const auto& stripe : stripes_) {
    statistics.writes += read(stripe.writes);
    statistics.removals += read(stripe.removals);
    statistics.clears += read(stripe.clears);
    statistics.refusals += read(stripe.refusals);
    failures += read(stripe.key_failures);
    for (std::size_t index = 0; index < cache_operations; ++index)
      if (!is_batch(static_cast<CacheOperation>(index))) failures += read(stripe.failures[index]);
  }
  statistics.hits = hits_.report(hits);
  statistics.misses = misses;
  statistics.failures = failures;
}

void MetricsCounters::fill(CacheMetrics& metrics) const noexcept {
  metrics.sample_every = sample_every_;
  for (std::size_t index = 0; index < cache_operations; ++index) {
    auto& operation = metrics.operations[index];
    for (const auto& stripe : stripes_) {
      operation.calls += read(stripe.calls[index]);
      operation.failures += read(stripe.failures[index]);
    }
    const auto& histogram = histograms_[index];
    for (std::size_t interval = 0; interval < LatencyHistogram::size; ++interval)
      operation.latency.add(interval, read(histogram.counts[interval]));
    operation.timed = std::chrono::nanoseconds(static_cast<std::int64_t>(read(histogram.sum)));
  }
  auto& reads = metrics.operations[static_cast<std::size_t>(CacheOperation::read)];
  for (const auto& stripe : reads_) {
    reads.failures += read(stripe.failures);
    reads.calls += read(stripe.reads);
  }
}

}  // namespace cachesite::layers
