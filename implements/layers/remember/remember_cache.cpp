#include "basics/checked_options.hpp"
#include "basics/per_process.hpp"
#include "basics/rising_counter.hpp"
#include "layers/remember/flight_table.hpp"
#include "layers/remember/key_in_text.hpp"

#include <cachesite/detail/guarded_call.hpp>
#include <cachesite/key_range.hpp>
#include <cachesite/remember_cache.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace cachesite {

using remembering::Flight;
using remembering::FlightTable;
using remembering::key_in_text;

class RememberCache::Inner {
 public:
  explicit Inner(Options given)
      : options(std::move(given)), tagged(find_interface<ITaggedCache>(*options.over.component())) {}

  const Options options;
  ITaggedCache* const tagged;  // the cache below; null when it has no tags
  basics::PerProcess<FlightTable> table;
  // In a forked child, callbacks of the one before are on stacks of threads that do not exist.
  basics::PerProcess<std::stop_source> stopping;
  std::atomic<std::uint64_t> waits{0};
  // Looks beyond the first of a call, which the cache below has counted too.
  std::atomic<std::uint64_t> further_hits{0};
  std::atomic<std::uint64_t> further_misses{0};
  RisingCounter hits, misses;  // as reported
};

namespace {

Error no_tags() {
  return Error(ErrorCode::unsupported, "the cache below has no tags");
}

/// A long value moves instead of being copied.
Lookup lookup_of(std::optional<std::string>&& bytes) {
  if (!bytes) return {Found::null, Value()};
  Value value;
  if (bytes->size() <= Value::inline_capacity) {
    value.assign(ByteView(*bytes));
  } else {
    const auto holder = std::make_shared<const std::string>(std::move(*bytes));
    value.share(std::shared_ptr<const std::byte>(holder, reinterpret_cast<const std::byte*>(holder->data())),
                holder->size());
  }
  return {Found::hit, std::move(value)};
}

}  // namespace

/// One call of `remember`.
class RememberCache::RememberCall {
 public:
  RememberCall(RememberCache& cache, std::string_view key, TimeToLive time_to_live,
               const Computation& computation)
      : cache_(cache),
        inner_(*cache.inner_),
        flights_(inner_.table.get()),
        key_(key),
        time_to_live_(time_to_live),
        computation_(computation),
        tags_(computation.tags.begin(), computation.tags.end()) {}

  Lookup run() {
    if (!tags_.empty() && !inner_.tagged) return Lookup(no_tags());
    if (const auto refused = ITaggedCache::check_entry_tags(tags_)) return Lookup(*refused);
    if (computation_.refresh) return refresh();
    const auto landings = flights_.landings();
    if (auto answer = look(true)) return *std::move(answer);
    const auto boarding = flights_.board(key_, landings, computation_.tags);
    switch (boarding.role) {
      case FlightTable::Role::leader:
        return lead(boarding.flight, boarding.look_again);
      case FlightTable::Role::passenger:
        return follow(boarding.flight);
      case FlightTable::Role::circular:
        break;
    }
    return Lookup(Error(ErrorCode::not_computed, "the value under " + key_in_text(key_) + " needs itself"));
  }

 private:
  /// The answer, when the cache has one, or there is none to be had.
  std::optional<Lookup> look(bool first) {
    Value value;
    const auto found = guarded_call<Found>([&] { return cache_.forward_read(key_, value); });
    if (!found.ok()) {
      readable_ = false;
      if (found.error().code() == ErrorCode::closed && cache_.stopped()) return Lookup(found.error());
      if (!computation_.compute_without_cache) return Lookup(found.error());
      report(found.error());
      return std::nullopt;
    }
    readable_ = true;
    const bool missed = found.value() == Found::miss;
    if (!first) (missed ? inner_.further_misses : inner_.further_hits).fetch_add(1);
    if (missed || (computation_.accepts && !computation_.accepts(found.value(), value))) return std::nullopt;
    return Lookup(found.value(), std::move(value));
  }

  Lookup refresh() {
    if (cache_.stopped()) return Lookup(closed());
    flights_.supersede(key_);
    return compute_apart();
  }

  Lookup compute_apart() {
    struct Apart {
      FlightTable& flights;
      std::shared_ptr<Flight> flight;
      RememberCache::Inner& inner;
      // Not in a child that the computation has forked.
      ~Apart() {
        if (inner.table.find() == &flights) flights.end_apart(flight);
      }
    } const apart{flights_, flights_.begin_apart(key_, computation_.tags), inner_};
    return compute(*apart.flight, nullptr);
  }

  Lookup follow(const std::shared_ptr<Flight>& flight) {
    const auto deadline = std::chrono::steady_clock::now() + TimeSpan(inner_.options.wait).milliseconds();
    inner_.waits.fetch_add(1);
    if (auto result = flights_.wait(*flight, deadline)) return *std::move(result);
    if (flights_.closed()) return Lookup(closed());
    const Error late(ErrorCode::timeout, "another caller has been computing the value under " +
                                             key_in_text(key_) + " for longer than the wait limit");
    if (inner_.options.on_lock_failure == OnLockFailure::error) return Lookup(late);
    report(late);
    return compute_apart();
  }

  Lookup lead(const std::shared_ptr<Flight>& flight, bool look_again) {
    std::shared_ptr<IMutexLease> lease;  // released after the landing
    struct Landing {
      RememberCache::Inner& inner;
      FlightTable& flights;
      std::string_view key;
      const std::shared_ptr<Flight>& flight;
      Lookup result = Lookup(Error(ErrorCode::no_memory));  // of a computation that never came to its end
      // Not in a child that the computation has forked: who waits does so in the parent.
      ~Landing() {
        if (inner.table.find() == &flights) flights.land(key, flight, result);
      }
    } landing{inner_, flights_, key_, flight};
    landing.result = answer_of_leader(*flight, look_again, lease);
    return landing.result;
  }

  Lookup answer_of_leader(Flight& flight, bool look_again, std::shared_ptr<IMutexLease>& lease) {
    if (look_again)
      if (auto answer = look(false)) return *std::move(answer);
    const bool lenient = inner_.options.on_lock_failure == OnLockFailure::compute;
    if (inner_.options.locks.component() && (readable_ || !lenient)) {
      auto taken = take(lenient);
      if (cache_.stopped()) return Lookup(closed());
      const bool failed = !taken.ok();
      if (!failed) lease = std::move(taken).value();
      if (!failed || taken.error().code() == ErrorCode::timeout)
        if (auto answer = look(false)) return *std::move(answer);
      if (failed && !lenient) return Lookup(taken.error());
      if (failed) report(taken.error());
    }
    return compute(flight, lease.get());
  }

  Result<std::shared_ptr<IMutexLease>> take(bool lenient) {
    using Taken = std::shared_ptr<IMutexLease>;
    auto taken = guarded_call<Taken>([&]() -> Result<Taken> {
      const auto mutex = inner_.options.locks->get_mutex(remembering::mutex_name(key_));
      if (!mutex) return Error(ErrorCode::unreachable, "the locks cannot be reached");
      MutexRequest request;
      request.expire = TimeToLive(inner_.options.lease);
      request.stop = inner_.stopping->get_token();
      request.wait = std::chrono::milliseconds(0);
      auto at_once = mutex->take(request);
      if (at_once.ok() ? at_once.value() != nullptr : lenient) return at_once;
      if (inner_.options.wait.count() == 0) return at_once;
      inner_.waits.fetch_add(1);
      request.wait = inner_.options.wait;
      return mutex->take(request);
    });
    if (taken.ok() && !taken.value())
      return Error(ErrorCode::timeout, "another process has been computing the value under " +
                                           key_in_text(key_) + " for longer than the wait limit");
    return taken;
  }

  Lookup compute(Flight& flight, const IMutexLease* lease) {
    auto computed = [&]() -> Result<Computed> {
      try {
        return computation_.factory();
      } catch (...) {
        return not_computed(std::current_exception());
      }
    }();
    if (!computed.ok()) return Lookup(computed.error());
    Computed made = std::move(computed).value();
    const auto time_to_live = made.time_to_live ? *made.time_to_live : lasting(made.value.has_value());
    const Lookup lookup = lookup_of(std::move(made.value));
    if (time_to_live) store(flight, lease, lookup, *time_to_live);
    return lookup;
  }

  [[nodiscard]] std::optional<TimeToLive> lasting(bool has_value) const {
    if (has_value) return time_to_live_;
    const auto& negative = inner_.options.negative_ttl;
    if (!negative) return default_null_time_to_live(time_to_live_);
    if (negative->count() == 0) return std::nullopt;
    if (time_to_live_.expires() && time_to_live_.milliseconds() < *negative) return time_to_live_;
    return TimeToLive(*negative);
  }

  void store(Flight& flight, const IMutexLease* lease, const Lookup& lookup, TimeToLive time_to_live) {
    if (!time_to_live.valid())
      return report(Error(ErrorCode::bad_argument, "the factory's TTL is not 1 ms to 10 years"));
    if (lookup.value().size() > ICache::largest_value)
      return report(Error(ErrorCode::too_large, "a value is at most 512 MiB long"));
    if (lease && !lease->held())
      return report(Error(ErrorCode::timeout, "the lock was lost while the value was computed"));
    flights_.outdate_older(key_, flight);
    std::optional<Error> failure;
    flight.store_unless_outdated(
        [&] {
          const auto stored = guarded_call<Done>([&] { return write(lookup, time_to_live); });
          if (!stored.ok()) failure = stored.error();
        },
        [&] {
          (void)guarded_call<bool>(
              [&] { return cache_.ask_below<bool>(CacheRequest(CacheOperation::remove, key_)); });
        });
    if (failure) report(*failure);
  }

  Status write(const Lookup& lookup, TimeToLive time_to_live) {
    const auto value = lookup.hit() ? std::optional(ByteView(lookup.value().text())) : std::nullopt;
    if (tags_.empty() || cache_.stopped()) return cache_.forward_write(key_, value, time_to_live);
    return inner_.tagged->write_tagged(key_, value, time_to_live, tags_);
  }

  void report(const Error& error) const {
    if (computation_.report) computation_.report(error);
  }

  RememberCache& cache_;
  Inner& inner_;
  FlightTable& flights_;
  const std::string_view key_;
  const TimeToLive time_to_live_;
  const Computation& computation_;
  const std::vector<std::string_view> tags_;
  bool readable_ = true;
};

RememberCache::RememberCache(Options options, const ComponentContext&)
    : CacheLayer(options.over.component()),
      inner_(std::make_unique<Inner>(checked_options("RememberCache", std::move(options)))) {}

RememberCache::~RememberCache() = default;

void RememberCache::stop() noexcept {
  CacheLayer::stop();
  if (auto* const flights = inner_->table.find()) flights->close();
  if (auto* const stopping = inner_->stopping.find()) stopping->request_stop();
}

CacheStatistics RememberCache::statistics() const {
  const auto hits = inner_->further_hits.load();
  const auto misses = inner_->further_misses.load();
  auto statistics = CacheLayer::statistics();
  statistics.hits = inner_->hits.report(statistics.hits - std::min(statistics.hits, hits));
  statistics.misses = inner_->misses.report(statistics.misses - std::min(statistics.misses, misses));
  statistics.stampede_waits += inner_->waits.load();
  return statistics;
}

Health RememberCache::health() const {
  auto health = CacheLayer::health();
  if (stopped() || health.state != HealthState::down) return health;
  const auto& locks = inner_->options.locks.component();
  const bool needs_locks = locks && inner_->options.on_lock_failure == OnLockFailure::error;
  if (needs_locks && locks->health().state == HealthState::down) return health;
  return {HealthState::degraded, "values are computed but not stored: " + health.reason};
}

Lookup RememberCache::do_remember(std::string_view key, TimeToLive time_to_live,
                                  const Computation& computation) {
  return RememberCall(*this, key, time_to_live, computation).run();
}

void RememberCache::on_refused() noexcept {
  CacheLayer::on_refused();
}

TimeToLive RememberCache::effective_time_to_live(std::string_view key,
                                                 TimeToLive time_to_live) const noexcept {
  return CacheLayer::effective_time_to_live(key, time_to_live);
}

Status RememberCache::do_write_tagged(std::string_view key, std::optional<ByteView> value,
                                      TimeToLive time_to_live, std::span<const std::string_view> tags) {
  if (stopped()) return closed();
  if (!inner_->tagged) return no_tags();
  inner_->table->outdate(key);
  return inner_->tagged->write_tagged(key, value, time_to_live, tags);
}

Result<std::uint64_t> RememberCache::do_evict_tags(std::span<const std::string_view> tags) {
  if (stopped()) return closed();
  if (!inner_->tagged) return no_tags();
  inner_->table->outdate_matching([&](std::string_view, const Flight& flight) {
    return std::any_of(flight.tags.begin(), flight.tags.end(), [&](const std::string& tag) {
      return std::find(tags.begin(), tags.end(), tag) != tags.end();
    });
  });
  return inner_->tagged->evict_tags(tags);
}

Result<Found> RememberCache::do_read(std::string_view key, Value& destination) {
  return forward_read(key, destination);
}

// What changes an entry tells the computations of it that are under way.
void RememberCache::do_begin(CacheRequest& request) {
  switch (request.effect()) {
    case CacheEffect::store:
    case CacheEffect::count:
    case CacheEffect::remove:
      outdate_computations(request);
      break;
    case CacheEffect::read:
    case CacheEffect::look:
    case CacheEffect::prolong:
    case CacheEffect::list:
      break;
  }
  forward(request);
}

void RememberCache::outdate_computations(const CacheRequest& request) {
  auto& flights = inner_->table.get();
  switch (request.subject()) {
    case CacheSubject::key:
      return flights.outdate(request.key);
    case CacheSubject::batch:
      for (std::size_t item = 0; item < request.items(); ++item)
        flights.outdate(request.key_of(item));
      return;
    case CacheSubject::pattern:
      return flights.outdate_matching(
          [&](std::string_view key, const Flight&) { return matches_key_pattern(request.key, key); });
    case CacheSubject::everything:
      return flights.outdate_matching([](std::string_view, const Flight&) { return true; });
  }
}

}  // namespace cachesite
