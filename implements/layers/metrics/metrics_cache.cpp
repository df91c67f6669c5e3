#include "layers/metrics/metrics_counters.hpp"

#include <cachesite/guarded_call.hpp>
#include <cachesite/metrics_cache.hpp>

#include <exception>
#include <utility>

namespace cachesite {

namespace {

using layers::MetricsCounters;
using Stripe = MetricsCounters::Stripe;

}  // namespace

ParameterTable MetricsCacheOptions::parameters() {
  using O = MetricsCacheOptions;
  return {
      parameter("over", &O::over, "The cache whose calls are counted.").required(),
      parameter("sample_every", &O::sample_every,
                "One of so many calls is timed; 1 times every call. Rounded up to a power of two.")
          .between(1, 1'048'576)
          .unit("calls"),
  };
}

MetricsCache::MetricsCache(const MetricsCacheOptions& options, const ComponentContext& context)
    : CacheLayer(options.over.component()),
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

// The way of a hit: one addition before the read, and nothing but a look at the result after it. A stopped
// cache times every read, and there asks whether it is stopped.
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
  Result<Found> found = forward_read_unasked(key, destination);
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

template <class R, class Call>
R MetricsCache::counted(CacheOperation operation, Call&& call) {
  const auto index = static_cast<std::size_t>(operation);
  Stripe& stripe = counters_->mine();
  const auto number = stripe.calls[index].fetch_add(1, std::memory_order_relaxed);
  const bool timed = counters_->is_timed(number);
  const auto begin = timed ? clock_->now() : IClock::TimePoint();
  try {
    R result = call();
    if (!result.ok())
      MetricsCounters::add(stripe.failures[index]);
    else if (timed)
      counters_->took(operation, clock_->now() - begin);
    return result;
  } catch (...) {
    MetricsCounters::add(stripe.failures[index]);
    throw;
  }
}

// Of a batch each key counts: what it counts as is up to the caller.
template <class R, class Call>
void MetricsCache::counted_many(CacheOperation operation, std::span<R> results, Call&& call) {
  std::uint64_t failures = 0;
  const auto done = guarded_call<Done>([&] {
    return counted<Status>(operation, [&]() -> Status {
      call();
      for (const auto& result : results)
        if (!result.ok()) ++failures;
      if (failures < results.size()) return Done{};
      return results.empty() ? Status(Done{}) : Status(results.front().error());
    });
  });
  if (!done.ok() && failures == 0) {
    failures = results.size();
    for (auto& result : results)
      result = R(done.error());
  }
  if (operation == CacheOperation::get_many)
    MetricsCounters::add(counters_->my_reads().batch_failures, failures);
  else
    MetricsCounters::add(counters_->mine().key_failures, failures);
}

Status MetricsCache::do_write(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live) {
  auto written =
      counted<Status>(CacheOperation::write, [&] { return forward_write(key, value, time_to_live); });
  if (written.ok()) MetricsCounters::add(counters_->mine().writes);
  return written;
}

Result<bool> MetricsCache::do_add(std::string_view key, std::optional<ByteView> value,
                                  TimeToLive time_to_live) {
  auto added =
      counted<Result<bool>>(CacheOperation::add, [&] { return forward_add(key, value, time_to_live); });
  if (added.value_or(false)) MetricsCounters::add(counters_->mine().writes);
  return added;
}

Result<bool> MetricsCache::do_replace(std::string_view key, std::optional<ByteView> value,
                                      TimeToLive time_to_live) {
  auto replaced = counted<Result<bool>>(CacheOperation::replace,
                                        [&] { return forward_replace(key, value, time_to_live); });
  if (replaced.value_or(false)) MetricsCounters::add(counters_->mine().writes);
  return replaced;
}

Result<std::int64_t> MetricsCache::do_increment(std::string_view key, std::int64_t by,
                                                TimeToLive time_to_live) {
  auto sum = counted<Result<std::int64_t>>(CacheOperation::increment,
                                           [&] { return forward_increment(key, by, time_to_live); });
  if (sum.ok()) MetricsCounters::add(counters_->mine().writes);
  return sum;
}

Result<bool> MetricsCache::do_remove(std::string_view key) {
  auto removed = counted<Result<bool>>(CacheOperation::remove, [&] { return forward_remove(key); });
  if (removed.value_or(false)) MetricsCounters::add(counters_->mine().removals);
  return removed;
}

Result<bool> MetricsCache::do_contains(std::string_view key) {
  return counted<Result<bool>>(CacheOperation::contains, [&] { return forward_contains(key); });
}

Result<Remaining> MetricsCache::do_time_to_live(std::string_view key) {
  return counted<Result<Remaining>>(CacheOperation::time_to_live, [&] { return forward_time_to_live(key); });
}

Result<bool> MetricsCache::do_expire(std::string_view key, TimeToLive time_to_live) {
  return counted<Result<bool>>(CacheOperation::expire, [&] { return forward_expire(key, time_to_live); });
}

Result<bool> MetricsCache::do_persist(std::string_view key) {
  return counted<Result<bool>>(CacheOperation::persist, [&] { return forward_persist(key); });
}

void MetricsCache::do_read_many(std::span<const std::string_view> keys, std::span<Lookup> results) {
  counted_many(CacheOperation::get_many, results, [&] { forward_read_many(keys, results); });
  std::uint64_t hits = 0, misses = 0;
  for (const auto& result : results) {
    if (result.miss())
      ++misses;
    else if (!result.failed())
      ++hits;
  }
  MetricsCounters::add(counters_->my_reads().batch_hits, hits);
  MetricsCounters::add(counters_->my_reads().batch_misses, misses);
}

void MetricsCache::do_write_many(std::span<const CacheEntry> entries, std::span<Status> results) {
  counted_many(CacheOperation::set_many, results, [&] { forward_write_many(entries, results); });
  std::uint64_t writes = 0;
  for (const auto& result : results)
    if (result.ok()) ++writes;
  MetricsCounters::add(counters_->mine().writes, writes);
}

void MetricsCache::do_remove_many(std::span<const std::string_view> keys, std::span<Result<bool>> results) {
  counted_many(CacheOperation::remove_many, results, [&] { forward_remove_many(keys, results); });
  std::uint64_t removals = 0;
  for (const auto& result : results)
    if (result.value_or(false)) ++removals;
  MetricsCounters::add(counters_->mine().removals, removals);
}

void MetricsCache::do_time_to_live_many(std::span<const std::string_view> keys,
                                        std::span<Result<Remaining>> results) {
  counted_many(CacheOperation::time_to_live_many, results, [&] { forward_time_to_live_many(keys, results); });
}

Status MetricsCache::do_scan(std::string_view pattern, ScanPosition& position,
                             std::vector<std::string>& keys) {
  return counted<Status>(CacheOperation::scan, [&] { return forward_scan(pattern, position, keys); });
}

Result<std::uint64_t> MetricsCache::do_remove_matching(std::string_view pattern) {
  auto removed = counted<Result<std::uint64_t>>(CacheOperation::remove_matching,
                                                [&] { return forward_remove_matching(pattern); });
  if (removed.ok()) MetricsCounters::add(counters_->mine().removals, removed.value());
  return removed;
}

Status MetricsCache::do_clear() {
  auto cleared = counted<Status>(CacheOperation::clear, [&] { return forward_clear(); });
  if (cleared.ok()) MetricsCounters::add(counters_->mine().clears);
  return cleared;
}

Result<std::uint64_t> MetricsCache::do_size() {
  return counted<Result<std::uint64_t>>(CacheOperation::size, [&] { return forward_size(); });
}

void MetricsCache::on_refused() noexcept {
  MetricsCounters::add(counters_->mine().refusals);
}

}  // namespace cachesite
