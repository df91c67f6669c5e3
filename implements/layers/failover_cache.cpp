#include "layers/outage_log.hpp"
#include "redis_user/redis_user.hpp"

#include <cachesite/failover_cache.hpp>

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <utility>

namespace cachesite {

using std::chrono::milliseconds;

namespace {

FailoverCacheOptions checked(FailoverCacheOptions options) {
  if (!options.over.component())
    throw std::invalid_argument("a FailoverCache needs a cache: over is not set");
  if (const auto complaints = options.complaints(); !complaints.empty())
    throw std::invalid_argument(complaints.front().parameter + ": " + complaints.front().message);
  return options;
}

// Running out of memory here says nothing about the cache.
bool is_outage(const Error& error) noexcept {
  return error.code() != ErrorCode::no_memory && redis::is_temporary(error);
}

bool is_outage(const Lookup& lookup) noexcept {
  return lookup.failed() && is_outage(lookup.error());
}

template <class T>
bool is_outage(const Result<T>& result) noexcept {
  return !result.ok() && is_outage(result.error());
}

bool worked(const Lookup& lookup) noexcept {
  return !lookup.failed();
}

template <class T>
bool worked(const Result<T>& result) noexcept {
  return result.ok();
}

}  // namespace

class FailoverCache::Inner {
 public:
  Inner(const FailoverCacheOptions& options, ICache& first, const ComponentContext& context)
      : second(options.failover.component()),
        log(first, second.get(),
            {options.retry_after, options.remembered_keys, !second && options.on_error == OnError::error},
            context),
        on_error(options.on_error),
        callback_(options.on_error_callback),
        longest_(options.failover_ttl) {}

  [[nodiscard]] TimeToLive limited(TimeToLive time_to_live) const noexcept {
    if (!longest_ || (time_to_live.expires() && time_to_live.milliseconds() <= *longest_))
      return time_to_live;
    return TimeToLive(*longest_);
  }

  void tell(std::string_view call, std::string_view key, const Error& error) const noexcept {
    if (on_error == OnError::callback)
      (void)guarded_call<Done>([&]() -> Status {
        callback_(call, key, error);
        return Done{};
      });
  }

  // One call: the first cache, the second, or the answer of none. `remember` is called before a change is
  // made anywhere but in the first; false from it means that the first works again.
  template <class R, class Remember, class First, class Second, class Neither>
  R run(std::string_view call, std::string_view key, Remember remember, First ask_first, Second ask_second,
        Neither neither) {
    bool use_first = stopped.load(std::memory_order_relaxed) || log.may_use_first();
    std::optional<Error> reason;
    for (int attempt = 1;; ++attempt) {
      if (use_first) {
        R result = ask_first();
        if (!is_outage(result)) {
          if (worked(result)) log.note_success();
          return result;
        }
        reason = result.error();
        log.note_failure(*reason);
        tell(call, key, *reason);
      } else {
        reason = log.last_error();
        if (!second) tell(call, key, *reason);
      }
      if (remember() || attempt > 1) break;
      use_first = true;
    }
    if (second) {
      failover_calls.fetch_add(1, std::memory_order_relaxed);
      R result = ask_second();
      if (!is_outage(result)) return result;
      reason = result.error();
      tell(call, key, *reason);
    }
    if (on_error == OnError::error) return R(*reason);
    degraded_calls.fetch_add(1, std::memory_order_relaxed);
    return neither(*reason);
  }

  template <class R, class First, class Second, class Neither>
  R change(std::string_view call, std::string_view key, First first, Second ask_second, Neither neither) {
    return run<R>(
        call, key, [&] { return log.remember_key(key); }, first, ask_second, neither);
  }
  template <class R, class First, class Second, class Neither>
  R ask(std::string_view call, std::string_view key, First first, Second ask_second, Neither neither) {
    return run<R>(
        call, key, [] { return true; }, first, ask_second, neither);
  }

  // A batch, whose keys fare each by itself. `first_all` fills the results from the first cache,
  // `second_some` those of the given places from the second.
  template <class R, class KeyOf, class FirstAll, class SecondSome, class Neither>
  void run_many(std::string_view call, bool changes, std::span<R> results, KeyOf key_of, FirstAll first_all,
                SecondSome second_some, Neither neither) {
    std::vector<std::size_t> failed;
    bool use_first = stopped.load(std::memory_order_relaxed) || log.may_use_first();
    for (int attempt = 1;; ++attempt) {
      failed.clear();
      if (use_first) {
        first_all();
        bool answered = false;
        for (std::size_t index = 0; index < results.size(); ++index) {
          answered = answered || worked(results[index]);
          if (is_outage(results[index])) failed.push_back(index);
        }
        if (failed.empty()) {
          if (answered) log.note_success();
          return;
        }
        log.note_failure(results[failed.front()].error());
      } else {
        const Error reason = log.last_error();
        for (std::size_t index = 0; index < results.size(); ++index) {
          results[index] = R(reason);
          failed.push_back(index);
        }
      }
      bool works_again = false;
      for (const auto index : failed) {
        if (use_first || !second) tell(call, key_of(index), results[index].error());
        if (changes && !log.remember_key(key_of(index))) works_again = true;
      }
      if (!works_again || attempt > 1) break;
      use_first = true;
    }
    if (second) {
      failover_calls.fetch_add(1, std::memory_order_relaxed);
      second_some(failed);
    }
    bool degraded = false;
    for (const auto index : failed) {
      if (!is_outage(results[index])) continue;
      if (second) tell(call, key_of(index), results[index].error());
      if (on_error == OnError::error) continue;
      degraded = true;
      results[index] = neither();
    }
    if (degraded) degraded_calls.fetch_add(1, std::memory_order_relaxed);
  }

  const std::shared_ptr<ICache> second;
  layers::OutageLog log;
  const OnError on_error;
  std::atomic<std::uint64_t> failover_calls{0}, degraded_calls{0};
  std::atomic<bool> stopped{false};

 private:
  const FailoverCacheOptions::Callback callback_;
  const std::optional<milliseconds> longest_;
};

ParameterTable FailoverCacheOptions::parameters() {
  using O = FailoverCacheOptions;
  using std::chrono::hours;
  return {
      parameter("over", &O::over, "The first cache, which is used as long as it works.").required(),
      parameter("failover", &O::failover, "The second cache, which is used while the first one fails."),
      parameter("on_error", &O::on_error, "What becomes of a call that no cache could do.")
          .choices({{"degrade", OnError::degrade},
                    {"error", OnError::error},
                    {"throw", OnError::error},
                    {"callback", OnError::callback}}),
      parameter("failover_ttl", &O::failover_ttl,
                "Longest life of an entry in the second cache; null: no limit.")
          .between(milliseconds(1), milliseconds(hours(24 * 365))),
      parameter("retry_after", &O::retry_after,
                "After a failure the first cache is left alone for so long; 0: every call tries it.")
          .between(milliseconds(0), milliseconds(hours(1))),
      parameter("remembered_keys", &O::remembered_keys,
                "Most keys remembered during an outage, to be removed from the first cache after it.")
          .unit("keys"),
  };
}

std::vector<OptionComplaint> FailoverCacheOptions::complaints() const {
  std::vector<OptionComplaint> complaints;
  if (on_error == OnError::callback && !on_error_callback)
    complaints.push_back({"on_error", "callback needs a function, which only a program can give"});
  if (on_error != OnError::callback && on_error_callback)
    complaints.push_back({"on_error", "a function is given, but on_error is not callback"});
  const bool same = failover.component() ? failover.component() == over.component()
                                         : failover.is_set() && failover.name() == over.name();
  if (same) complaints.push_back({"failover", "the second cache is the first one"});
  return complaints;
}

FailoverCache::FailoverCache(FailoverCacheOptions options, const ComponentContext& context)
    : CacheLayer(checked(options).over.component()),
      inner_(std::make_unique<Inner>(options, *below(), context)) {}

FailoverCache::~FailoverCache() = default;

void FailoverCache::stop() noexcept {
  CacheLayer::stop();
  inner_->stopped.store(true, std::memory_order_relaxed);
}

Health FailoverCache::health() const {
  auto health = CacheLayer::health();
  if (stopped() || health.state != HealthState::down) return health;
  if (inner_->second && inner_->second->health().state != HealthState::down)
    return {HealthState::degraded, "the second cache stands in: " + health.reason};
  if (inner_->on_error != OnError::error)
    return {HealthState::degraded, "does without a cache: " + health.reason};
  return health;
}

CacheStatistics FailoverCache::statistics() const {
  auto statistics = CacheLayer::statistics();
  if (!inner_->second) return statistics;
  const auto more = inner_->second->statistics();
  statistics.hits += more.hits;
  statistics.misses += more.misses;
  statistics.writes += more.writes;
  statistics.removals += more.removals;
  statistics.clears += more.clears;
  return statistics;
}

FailoverStatistics FailoverCache::failover_statistics() const {
  FailoverStatistics statistics;
  inner_->log.add_to(statistics);
  statistics.failover_calls = inner_->failover_calls.load(std::memory_order_relaxed);
  statistics.degraded_calls = inner_->degraded_calls.load(std::memory_order_relaxed);
  return statistics;
}

// --- reads

Result<Found> FailoverCache::do_read(std::string_view key, Value& destination) {
  auto& inner = *inner_;
  return inner.ask<Result<Found>>(
      "get", key, [&] { return forward_read(key, destination); },
      [&] { return inner.second->read(key, destination); },
      [&](const Error&) {
        destination.clear();
        return Result<Found>(Found::miss);
      });
}

Result<bool> FailoverCache::do_contains(std::string_view key) {
  auto& inner = *inner_;
  return inner.ask<Result<bool>>(
      "contains", key, [&] { return forward_contains(key); }, [&] { return inner.second->contains(key); },
      [](const Error&) { return Result<bool>(false); });
}

Result<Remaining> FailoverCache::do_time_to_live(std::string_view key) {
  auto& inner = *inner_;
  return inner.ask<Result<Remaining>>(
      "time_to_live", key, [&] { return forward_time_to_live(key); },
      [&] { return inner.second->time_to_live(key); },
      [](const Error&) { return Result<Remaining>(Remaining{}); });
}

void FailoverCache::do_read_many(std::span<const std::string_view> keys, std::span<Lookup> results) {
  auto& inner = *inner_;
  inner.run_many<Lookup>(
      "get_many", false, results, [&](std::size_t index) { return keys[index]; },
      [&] { forward_read_many(keys, results); },
      [&](const std::vector<std::size_t>& places) {
        std::vector<std::string_view> some;
        for (const auto place : places)
          some.push_back(keys[place]);
        auto found = inner.second->get_many(std::span<const std::string_view>(some));
        for (std::size_t index = 0; index < places.size(); ++index)
          results[places[index]] = std::move(found[index]);
      },
      [] { return Lookup(); });
}

// --- changes

Status FailoverCache::do_write(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live) {
  auto& inner = *inner_;
  return inner.change<Status>(
      "write", key, [&] { return forward_write(key, value, time_to_live); },
      [&] { return inner.second->write(key, value, inner.limited(time_to_live)); },
      [](const Error&) { return Status(Done{}); });
}

Result<bool> FailoverCache::do_add(std::string_view key, std::optional<ByteView> value,
                                   TimeToLive time_to_live) {
  auto& inner = *inner_;
  return inner.change<Result<bool>>(
      "add", key, [&] { return forward_add(key, value, time_to_live); },
      [&] { return inner.second->add(key, value, inner.limited(time_to_live)); },
      [](const Error&) { return Result<bool>(false); });
}

Result<bool> FailoverCache::do_replace(std::string_view key, std::optional<ByteView> value,
                                       TimeToLive time_to_live) {
  auto& inner = *inner_;
  return inner.change<Result<bool>>(
      "replace", key, [&] { return forward_replace(key, value, time_to_live); },
      [&] { return inner.second->replace(key, value, inner.limited(time_to_live)); },
      [](const Error&) { return Result<bool>(false); });
}

Result<std::int64_t> FailoverCache::do_increment(std::string_view key, std::int64_t by,
                                                 TimeToLive time_to_live) {
  auto& inner = *inner_;
  return inner.change<Result<std::int64_t>>(
      "increment", key, [&] { return forward_increment(key, by, time_to_live); },
      [&] { return inner.second->increment(key, by, inner.limited(time_to_live)); },
      [](const Error& reason) { return Result<std::int64_t>(reason); });
}

Result<bool> FailoverCache::do_remove(std::string_view key) {
  auto& inner = *inner_;
  return inner.change<Result<bool>>(
      "remove", key, [&] { return forward_remove(key); }, [&] { return inner.second->remove(key); },
      [](const Error&) { return Result<bool>(false); });
}

Result<bool> FailoverCache::do_expire(std::string_view key, TimeToLive time_to_live) {
  auto& inner = *inner_;
  return inner.change<Result<bool>>(
      "expire", key, [&] { return forward_expire(key, time_to_live); },
      [&] { return inner.second->expire(key, inner.limited(time_to_live)); },
      [](const Error&) { return Result<bool>(false); });
}

Result<bool> FailoverCache::do_persist(std::string_view key) {
  auto& inner = *inner_;
  return inner.change<Result<bool>>(
      "persist", key, [&] { return forward_persist(key); },
      [&] {
        const auto life = inner.limited(TimeToLive::never_expires());
        return life.expires() ? inner.second->expire(key, life) : inner.second->persist(key);
      },
      [](const Error&) { return Result<bool>(false); });
}

void FailoverCache::do_write_many(std::span<const CacheEntry> entries, std::span<Status> results) {
  auto& inner = *inner_;
  inner.run_many<Status>(
      "set_many", true, results, [&](std::size_t index) { return entries[index].key; },
      [&] { forward_write_many(entries, results); },
      [&](const std::vector<std::size_t>& places) {
        std::vector<CacheEntry> some;
        for (const auto place : places)
          some.push_back(
              {entries[place].key, entries[place].value, inner.limited(entries[place].time_to_live)});
        const auto done = inner.second->set_many(std::span<const CacheEntry>(some));
        for (std::size_t index = 0; index < places.size(); ++index)
          results[places[index]] = done[index];
      },
      [] { return Status(Done{}); });
}

void FailoverCache::do_remove_many(std::span<const std::string_view> keys, std::span<Result<bool>> results) {
  auto& inner = *inner_;
  inner.run_many<Result<bool>>(
      "remove_many", true, results, [&](std::size_t index) { return keys[index]; },
      [&] { forward_remove_many(keys, results); },
      [&](const std::vector<std::size_t>& places) {
        std::vector<std::string_view> some;
        for (const auto place : places)
          some.push_back(keys[place]);
        const auto done = inner.second->remove_many(std::span<const std::string_view>(some));
        for (std::size_t index = 0; index < places.size(); ++index)
          results[places[index]] = done[index];
      },
      [] { return Result<bool>(false); });
}

// --- all keys

// A walk stays with the cache that it began in: the first byte of the position tells which one that is.
Status FailoverCache::do_scan(std::string_view pattern, ScanPosition& position,
                              std::vector<std::string>& keys) {
  constexpr char in_first = '1';
  constexpr char in_second = '2';
  auto& inner = *inner_;
  const char place = position.text.empty() ? '\0' : position.text.front();
  const auto step = [&](char where, auto scan) {
    ScanPosition own{place == '\0' ? std::string() : position.text.substr(1), false};
    Status scanned = scan(own);
    if (scanned.ok()) {
      position.finished = own.finished;
      position.text = where + own.text;
    }
    return scanned;
  };
  const auto first = [&] {
    return step(in_first, [&](ScanPosition& own) { return forward_scan(pattern, own, keys); });
  };
  const auto second = [&] {
    return step(in_second, [&](ScanPosition& own) { return inner.second->scan(pattern, own, keys); });
  };
  if (place == in_second) return second();
  if (place == in_first) {
    auto scanned = first();
    if (is_outage(scanned)) {
      inner.log.note_failure(scanned.error());
      inner.tell("scan", pattern, scanned.error());
    }
    return scanned;
  }
  return inner.ask<Status>("scan", pattern, first, second, [&](const Error&) {
    position.finished = true;
    return Status(Done{});
  });
}

Result<std::uint64_t> FailoverCache::do_remove_matching(std::string_view pattern) {
  auto& inner = *inner_;
  return inner.run<Result<std::uint64_t>>(
      "remove_matching", pattern, [&] { return inner.log.remember_pattern(pattern); },
      [&] { return forward_remove_matching(pattern); },
      [&] { return inner.second->remove_matching(pattern); },
      [](const Error&) { return Result<std::uint64_t>(std::uint64_t{0}); });
}

Status FailoverCache::do_clear() {
  auto& inner = *inner_;
  return inner.run<Status>(
      "clear", {}, [&] { return inner.log.remember_clear(); }, [&] { return forward_clear(); },
      [&] { return inner.second->clear(); }, [](const Error&) { return Status(Done{}); });
}

Result<std::uint64_t> FailoverCache::do_size() {
  auto& inner = *inner_;
  return inner.ask<Result<std::uint64_t>>(
      "size", {}, [&] { return forward_size(); }, [&] { return inner.second->size(); },
      [](const Error&) { return Result<std::uint64_t>(std::uint64_t{0}); });
}

}  // namespace cachesite
