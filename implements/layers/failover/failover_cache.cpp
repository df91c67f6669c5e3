#include "basics/checked_options.hpp"
#include "layers/failover/failover_cache_inner.hpp"

#include <cachesite/failover_cache.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <stdexcept>
#include <utility>

namespace cachesite {

namespace {

FailoverCacheOptions checked(FailoverCacheOptions options) {
  if (!options.over.component())
    throw std::invalid_argument("a FailoverCache needs a cache: over is not set");
  return checked_options("FailoverCache", std::move(options));
}

}  // namespace

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

void FailoverCache::do_time_to_live_many(std::span<const std::string_view> keys,
                                         std::span<Result<Remaining>> results) {
  auto& inner = *inner_;
  inner.run_many<Result<Remaining>>(
      "time_to_live_many", false, results, [&](std::size_t index) { return keys[index]; },
      [&] { forward_time_to_live_many(keys, results); },
      [&](const std::vector<std::size_t>& places) {
        std::vector<std::string_view> some;
        for (const auto place : places)
          some.push_back(keys[place]);
        std::vector<Result<Remaining>> left(some.size(), Result<Remaining>(Remaining{}));
        inner.second->time_to_live_many(some, left);
        for (std::size_t index = 0; index < places.size(); ++index)
          results[places[index]] = std::move(left[index]);
      },
      [] { return Result<Remaining>(Remaining{}); });
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
// What is still owed has not been removed from the second cache either, and would show in the next outage.

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
    return step(in_first, [&](ScanPosition& own) {
      const auto before = static_cast<std::ptrdiff_t>(keys.size());
      Status scanned = forward_scan(pattern, own, keys);
      if (inner.log.may_owe())
        keys.erase(std::remove_if(keys.begin() + before, keys.end(),
                                  [&](const std::string& key) { return inner.log.owes(key); }),
                   keys.end());
      return scanned;
    });
  };
  const auto second = [&] {
    return step(in_second, [&](ScanPosition& own) { return inner.second->scan(pattern, own, keys); });
  };
  if (place == in_second) return second();
  if (place == in_first) {
    auto scanned = first();
    if (layers::is_outage(scanned)) {
      inner.log.note_failure(scanned.error());
      inner.tell("scan", pattern, scanned.error());
    }
    return scanned;
  }
  return inner.ask_all<Status>("scan", pattern, first, second, [&](const Error&) {
    position.finished = true;
    return Status(Done{});
  });
}

Result<std::uint64_t> FailoverCache::do_remove_matching(std::string_view pattern) {
  auto& inner = *inner_;
  return inner.run<Result<std::uint64_t>>(
      "remove_matching", pattern, {},
      [&](bool insist) { return inner.log.remember_pattern(pattern, insist); },
      [&] {
        if (inner.second && inner.log.may_owe()) (void)inner.second->remove_matching(pattern);
        return forward_remove_matching(pattern);
      },
      [&] { return inner.second->remove_matching(pattern); },
      [](const Error&) { return Result<std::uint64_t>(std::uint64_t{0}); });
}

Status FailoverCache::do_clear() {
  auto& inner = *inner_;
  return inner.run<Status>(
      "clear", {}, {}, [&](bool insist) { return inner.log.remember_clear(insist); },
      [&] {
        if (inner.second && inner.log.may_owe()) (void)inner.second->clear();
        return forward_clear();
      },
      [&] { return inner.second->clear(); }, [](const Error&) { return Status(Done{}); });
}

Result<std::uint64_t> FailoverCache::do_size() {
  auto& inner = *inner_;
  return inner.ask_all<Result<std::uint64_t>>(
      "size", {}, [&] { return forward_size(); }, [&] { return inner.second->size(); },
      [](const Error&) { return Result<std::uint64_t>(std::uint64_t{0}); });
}

}  // namespace cachesite
