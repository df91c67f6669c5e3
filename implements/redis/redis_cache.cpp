#include "redis/endpoint_settings.hpp"
#include "redis/large_keys.hpp"
#include "redis/null_marker.hpp"
#include "redis/server_text.hpp"
#include "redis/shared_link.hpp"
#include "redis/topology_settings.hpp"

#include <cachesite/redis_cache.hpp>

#include <array>
#include <atomic>
#include <charconv>
#include <stdexcept>
#include <string>
#include <utility>

namespace cachesite {

using redis::Argument;
using redis::Command;
using redis::Reply;
using redis::ReplyKind;

namespace {

constexpr std::memory_order relaxed = std::memory_order_relaxed;

redis::SharedLink make_link(const RedisCacheOptions& options, const ComponentContext& context) {
  if (options.connection.is_set()) {
    const auto* const shared = options.connection.component()->shared_link();
    if (shared == nullptr)
      throw std::invalid_argument("RedisCache: connection: caches cannot share this component's connection");
    return *shared;
  }
  // A marker more than the longest value, since a value may be stored with one in front.
  const auto largest_bulk =
      static_cast<std::size_t>(options.max_value_bytes.bytes) + redis::null_marker.size();
  return {redis::make_topology(options, largest_bulk, context.label, context.logger),
          options.resolved().socket_timeout};
}

}  // namespace

class RedisCache::Inner {
 public:
  Inner(const RedisCacheOptions& options, const ComponentContext& context)
      : prefix(options.prefix),
        largest_value(static_cast<std::size_t>(options.max_value_bytes.bytes)),
        null_as(options.null_as),
        connection(options.connection.component()),
        link(make_link(options, context)) {}

  struct Counters {
    std::atomic<std::uint64_t> hits{0};
    std::atomic<std::uint64_t> misses{0};
    std::atomic<std::uint64_t> failures{0};
    std::atomic<std::uint64_t> refusals{0};
    std::atomic<std::uint64_t> writes{0};
    std::atomic<std::uint64_t> removals{0};
  };

  /// Sends a command and turns an error of the server into an Error.
  Status ask(const Command& command, Reply& reply, bool only_reads) {
    if (stopped.load(relaxed)) return Error(ErrorCode::closed, "the cache is stopped");
    const redis::Routing routing{.only_reads = only_reads};
    auto status = link.topology->execute(command, routing, reply, redis::CallTime::from_now(link.patience));
    if (status.ok() && reply.kind == ReplyKind::error)
      status = Error(ErrorCode::refused, redis::readable_server_error(reply.text()));
    if (!status.ok()) counters.failures.fetch_add(1, relaxed);
    return status;
  }

  /// Sends a command of a name and a key that is answered by a number.
  Result<std::int64_t> ask_number(std::string_view name, std::string_view key, bool only_reads) {
    const std::array<Argument, 2> arguments{{{name}, {prefix, key}}};
    Reply reply;
    if (auto status = ask({arguments, static_cast<redis::ReplyKinds>(ReplyKind::integer), only_reads}, reply,
                          only_reads);
        !status.ok())
      return status.error();
    return reply.integer;
  }

  const std::string prefix;
  const std::size_t largest_value;
  const NullAs null_as;
  const std::shared_ptr<IRedis> connection;  // null when the connection is the cache's own
  const redis::SharedLink link;
  std::atomic<bool> stopped{false};
  redis::LargeKeys large_keys;
  Counters counters;
};

RedisCache::RedisCache(RedisCacheOptions options, const ComponentContext& context)
    : inner_(std::make_unique<Inner>(redis::checked_options("RedisCache", std::move(options)), context)) {}

RedisCache::~RedisCache() {
  RedisCache::stop();
}

void RedisCache::start() {
  inner_->link.topology->start();
}

void RedisCache::await_started() {
  inner_->link.topology->await_started();
}

void RedisCache::stop() noexcept {
  inner_->stopped.store(true, relaxed);
  if (!inner_->connection) inner_->link.topology->stop();
}

Health RedisCache::health() const {
  if (inner_->stopped.load(relaxed)) return {HealthState::down, "stopped"};
  return inner_->link.topology->health();
}

CacheStatistics RedisCache::statistics() const {
  const auto& counters = inner_->counters;
  CacheStatistics statistics;
  statistics.hits = counters.hits.load(relaxed);
  statistics.misses = counters.misses.load(relaxed);
  statistics.failures = counters.failures.load(relaxed);
  statistics.refusals = counters.refusals.load(relaxed);
  statistics.writes = counters.writes.load(relaxed);
  statistics.removals = counters.removals.load(relaxed);
  return statistics;
}

std::vector<RedisEndpointStatistics> RedisCache::endpoint_statistics() const {
  return inner_->link.topology->statistics();
}

void RedisCache::on_refused() noexcept {
  inner_->counters.refusals.fetch_add(1, relaxed);
}

Result<Found> RedisCache::do_read(std::string_view key, Value& destination) {
  auto& inner = *inner_;
  const std::array<Argument, 2> arguments{{{"GET"}, {inner.prefix, key}}};
  Reply reply;
  reply.value = std::move(destination);
  const bool large = inner.large_keys.contains(key);
  auto status = inner.ask({arguments, ReplyKind::bulk | ReplyKind::nil, true, large}, reply, true);
  destination = std::move(reply.value);
  if (!status.ok()) return status.error();
  if (reply.kind == ReplyKind::nil) {
    inner.counters.misses.fetch_add(1, relaxed);
    return Found::miss;
  }
  inner.counters.hits.fetch_add(1, relaxed);
  inner.large_keys.saw(key, destination.size(), large);
  if (inner.null_as == NullAs::empty) return Found::hit;
  switch (redis::classify_stored(destination.text())) {
    case redis::StoredAs::value:
      return Found::hit;
    case redis::StoredAs::null:
      return Found::null;
    case redis::StoredAs::escaped_value:
      destination = Value(destination.text().substr(redis::null_marker.size()));
      return Found::hit;
  }
  return Found::hit;
}

Status RedisCache::do_write(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live) {
  auto& inner = *inner_;
  Argument payload{{}};
  if (value) {
    if (value->size() > inner.largest_value) {
      on_refused();
      return Error(ErrorCode::too_large, "the value is larger than max_value_bytes");
    }
    payload.tail = value->text();
    if (inner.null_as == NullAs::marker && redis::needs_escape(payload.tail))
      payload.head = redis::null_marker;
  } else if (inner.null_as == NullAs::marker) {
    payload.tail = redis::null_marker;
  }
  const bool whole = time_to_live.whole_seconds();
  std::array<char, 24> digits;
  const auto* const end = std::to_chars(digits.data(), digits.data() + digits.size(),
                                        whole ? time_to_live.count() / 1000 : time_to_live.count())
                              .ptr;
  const std::string_view count(digits.data(), static_cast<std::size_t>(end - digits.data()));
  const std::array<Argument, 4> arguments{
      {{whole ? "SETEX" : "PSETEX"}, {inner.prefix, key}, {count}, payload}};
  Reply reply;
  auto status =
      inner.ask({arguments, static_cast<redis::ReplyKinds>(ReplyKind::status), false}, reply, false);
  if (status.ok()) {
    inner.counters.writes.fetch_add(1, relaxed);
    if (payload.tail.size() >= redis::LargeKeys::large_from)
      inner.large_keys.saw(key, payload.tail.size(), false);
  }
  return status;
}

Result<bool> RedisCache::do_remove(std::string_view key) {
  const auto removed = inner_->ask_number("DEL", key, false);
  if (!removed.ok()) return removed.error();
  if (removed.value() > 0) inner_->counters.removals.fetch_add(1, relaxed);
  return removed.value() > 0;
}

Result<bool> RedisCache::do_contains(std::string_view key) {
  const auto found = inner_->ask_number("EXISTS", key, true);
  if (!found.ok()) return found.error();
  return found.value() > 0;
}

Result<Remaining> RedisCache::do_time_to_live(std::string_view key) {
  const auto left = inner_->ask_number("PTTL", key, true);
  if (!left.ok()) return left.error();
  if (left.value() == -2) return Remaining{};
  if (left.value() < 0) return Remaining{Remaining::State::no_expiry, {}};
  const std::int64_t milliseconds = left.value() == 0 ? 1 : left.value();
  return Remaining{Remaining::State::expires, std::chrono::milliseconds(milliseconds)};
}

}  // namespace cachesite
