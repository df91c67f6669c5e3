#include "layers/base/request_end.hpp"
#include "layers/metrics/metrics_counters.hpp"

#include <cachesite/metrics_cache.hpp>

#include <exception>
#include <utility>

namespace cachesite {

namespace {

using layers::MetricsCounters;

}  // namespace

ParameterTable MetricsCacheOptions::parameters() {
  using O = MetricsCacheOptions;
  return {
      parameter("over", &O::over, "The cache whose calls are counted.").required(),
      parameter("sample_every", &O::sample_every,
                "One of this many calls of an operation is timed, per thread; 1 times every call. Rounded up "
                "to a power of two.")
          .between(1, 1'048'576)
          .unit("calls"),
  };
}

MetricsCache::MetricsCache(const MetricsCacheOptions& options, const ComponentContext& context)
    : CacheLayer(options.over.component(), BelowInterfaces::passed_on),
      counters_(std::make_unique<MetricsCounters>(options.sample_every)),
      clock_(context.clock) {}

MetricsCache::~MetricsCache() = default;

CacheStatistics MetricsCache::statistics() const {
  auto statistics = below()->statistics();
  counters_->fill(statistics);
  return statistics;
}

CacheMetrics MetricsCache::metrics() const {
  CacheMetrics metrics;
  metrics.statistics = statistics();
  counters_->fill(metrics);
  return metrics;
}

void MetricsCache::stop() noexcept {
  CacheLayer::stop();
  counters_->time_all();
}

// A hit costs one addition before the read, and one look at the result after it. A stopped cache times every
// read, which then checks whether the cache is stopped.
Result<Found> MetricsCache::do_read(std::string_view key, Value& destination) {
  auto& counters = *counters_;
  auto& stripe = counters.my_reads();
  const auto number = stripe.reads.fetch_add(1, std::memory_order_relaxed);
  if (counters.is_timed(number)) [[unlikely]]
    return timed_read(key, destination);
  return untimed_read(key, destination);
}

// Two functions, since compilers make the result in its place only outside of a try block.
[[gnu::always_inline]] inline Result<Found> MetricsCache::untimed_read(std::string_view key,
                                                                       Value& destination) {
  // In memory rather than in a register, which would have to be saved for every hit.
  MetricsCache* const volatile self = this;
  try {
    return noted_read(key, destination, self);
  } catch (...) {
    self->note_failure();
    throw;
  }
}

[[gnu::always_inline]] inline Result<Found> MetricsCache::noted_read(std::string_view key, Value& destination,
                                                                     MetricsCache* const volatile& self) {
  Result<Found> found = forward_read_unchecked(key, destination);
  if (!found.ok() || found.value() == Found::miss) [[unlikely]]
    self->note(found);
  return found;
}

[[gnu::noinline]] void MetricsCache::note(const Result<Found>& found) noexcept {
  if (!found.ok()) return note_failure();
  MetricsCounters::add(counters_->my_reads().misses);
}

[[gnu::noinline]] void MetricsCache::note_failure() noexcept {
  MetricsCounters::add(counters_->my_reads().failures);
}

[[gnu::noinline]] Result<Found> MetricsCache::timed_read(std::string_view key, Value& destination) {
  if (stopped()) {
    note_failure();
    return closed();
  }
  const auto begin = clock_->now();
  Result<Found> found = untimed_read(key, destination);
  if (found.ok()) counters_->took(CacheOperation::read, clock_->now() - begin);
  return found;
}

// What is more than a read of a value.
void MetricsCache::read_otherwise(CacheRequest& request) {
  const bool timed = counters_->is_timed(counters_->my_reads().reads.fetch_add(1, std::memory_order_relaxed));
  const auto begin = timed ? clock_->now() : IClock::TimePoint();
  forward_guarded(request);
  const auto found = request.answer<Found>();
  if (!found.ok() || found.value() == Found::miss) note(found);
  if (found.ok() && timed) counters_->took(CacheOperation::read, clock_->now() - begin);
}

void MetricsCache::do_begin(CacheRequest& request) {
  if (request.operation == CacheOperation::read) {
    if (request.target == nullptr && request.stale != nullptr) return forward(request);
    if (!request.is_plain_read() || request.target != nullptr) return read_otherwise(request);
    return request.end(do_read(request.key, *request.destination));
  }
  const auto number = counters_->mine().calls[static_cast<std::size_t>(request.operation)].fetch_add(
      1, std::memory_order_relaxed);
  const bool timed = counters_->is_timed(number);
  const auto begin = timed ? clock_->now() : IClock::TimePoint();
  forward_guarded(request);
  const auto end = layers::end_of(request);
  if (end.failure != nullptr)
    MetricsCounters::add(counters_->mine().failures[static_cast<std::size_t>(request.operation)]);
  else if (timed)
    counters_->took(request.operation, clock_->now() - begin);
  note(request, end);
}

void MetricsCache::note(const CacheRequest& request, const layers::RequestEnd& end) noexcept {
  auto& stripe = counters_->mine();
  switch (layers::counted_as(request)) {
    case layers::Counted::reads:
      return note_reads(request.items(), end.result);
    case layers::Counted::writes:
      MetricsCounters::add(stripe.writes, end.changed_keys(request));
      break;
    case layers::Counted::removals:
      MetricsCounters::add(stripe.removals, end.changed_keys(request));
      break;
    case layers::Counted::clears:
      MetricsCounters::add(stripe.clears, end.changed_keys(request));
      break;
    case layers::Counted::none:
      break;
  }
  MetricsCounters::add(stripe.key_failures, end.result.failed);
}

void MetricsCache::note_reads(std::uint64_t keys, const CacheCallResult& result) noexcept {
  auto& reads = counters_->my_reads();
  MetricsCounters::add(reads.batch_hits, result.count);
  MetricsCounters::add(reads.batch_misses, keys - result.count - result.failed);
  MetricsCounters::add(reads.batch_failures, result.failed);
}

void MetricsCache::on_refused() noexcept {
  MetricsCounters::add(counters_->mine().refusals);
}

}  // namespace cachesite
