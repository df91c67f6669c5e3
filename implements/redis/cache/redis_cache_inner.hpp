#pragma once

#include "basics/null_marker.hpp"
#include "redis/base/deadline.hpp"
#include "redis/cache/large_keys.hpp"
#include "redis/cache/scan_walk.hpp"
#include "redis/cache/store_words.hpp"
#include "redis/topology/connection_handle.hpp"
#include "redis/topology/topology.hpp"
#include "redis/wire/command.hpp"
#include "redis/wire/reply.hpp"
#include "redis/wire/server_text.hpp"

#include <cachesite/async_request.hpp>
#include <cachesite/detail/guarded_call.hpp>
#include <cachesite/redis_cache.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite {

class RedisCache::Inner {
 public:
  Inner(const RedisCacheOptions& options, const ComponentContext& context);

  static constexpr auto number_reply = static_cast<redis::ReplyKinds>(redis::ReplyKind::integer);

  // A batch is done in rounds, so that neither side has to hold too much of it at once.
  static constexpr std::size_t most_keys_in_a_round = 4096;
  static constexpr std::size_t most_bytes_in_a_round = std::size_t{4} * 1024 * 1024;
  static constexpr std::size_t most_keys_in_a_command = 512;

  struct Counters {
    std::atomic<std::uint64_t> hits{0};
    std::atomic<std::uint64_t> misses{0};
    std::atomic<std::uint64_t> failures{0};
    std::atomic<std::uint64_t> refusals{0};
    std::atomic<std::uint64_t> writes{0};
    std::atomic<std::uint64_t> removals{0};
    std::atomic<std::uint64_t> clears{0};
  };
  static void count(std::atomic<std::uint64_t>& counter, std::uint64_t how_many = 1) noexcept {
    counter.fetch_add(how_many, std::memory_order_relaxed);
  }

  [[nodiscard]] redis::CallTime call_time() const noexcept {
    return redis::CallTime::from_now(link.patience);
  }
  [[nodiscard]] redis::CallTime call_time(const ReadLimits& limits) const noexcept {
    return redis::CallTime::from_now(limits.patience.value_or(link.patience));
  }
  [[nodiscard]] redis::CallTime call_time(AsyncRequest& call) const noexcept {
    const auto now = redis::SteadyTime::now();
    const auto* const limits = call.request().limits;
    const auto given = call.deadline(now);
    if (limits == nullptr || !limits->patience) return {now, given.value_or(now + link.patience)};
    const auto limit = now + *limits->patience;
    return {now, given ? std::min(*given, limit) : limit};
  }
  [[nodiscard]] bool is_stopped() const noexcept { return stopped.load(std::memory_order_relaxed); }
  [[nodiscard]] static Error stopped_error() { return Error(ErrorCode::closed, "the cache is stopped"); }

  /// Sends a command and gives its answer, an error of the server included.
  Status send(const redis::Command& command, const redis::Routing& routing, redis::Reply& reply) {
    if (is_stopped()) return stopped_error();
    return link.topology->execute(command, routing, reply, call_time());
  }

  static Error server_error(const redis::Reply& reply) {
    return Error(ErrorCode::refused, redis::readable_server_error(reply.text()));
  }

  /// Turns an error of the server into an Error.
  static Status judge(Status status, const redis::Reply& reply) {
    if (status.ok() && reply.kind == redis::ReplyKind::error) return server_error(reply);
    return status;
  }

  /// Sends a command and turns an error of the server into an Error.
  Status ask(const redis::Command& command, redis::Reply& reply, bool only_reads) {
    if (is_stopped()) {
      count(counters.failures);
      return stopped_error();
    }
    auto status = link.topology->execute(command, {.only_reads = only_reads}, reply, call_time());
    if (status.ok() && reply.kind == redis::ReplyKind::error) status = server_error(reply);
    if (!status.ok()) count(counters.failures);
    return status;
  }

  /// The same for a command of a name and a key, and an argument where it has one, that is answered by a
  /// number.
  Result<std::int64_t> ask_number(std::string_view name, std::string_view key, bool only_reads,
                                  std::string_view argument = {}) {
    const std::array<redis::Argument, 3> arguments{{{name}, {prefix, key}, {argument}}};
    redis::Reply reply;
    if (auto status = ask({std::span(arguments).first(argument.empty() ? 2 : 3),
                           static_cast<redis::ReplyKinds>(redis::ReplyKind::integer), only_reads},
                          reply, only_reads);
        !status.ok())
      return status.error();
    return reply.integer;
  }

  /// What an answer to PTTL says. Another program may have set a longer one than there are here.
  static Remaining remaining(std::int64_t left) noexcept {
    if (left == -2) return {};
    if (left < 0) return {Remaining::State::no_expiry, {}};
    const std::chrono::milliseconds least(1);
    return {Remaining::State::expires,
            std::clamp(std::chrono::milliseconds(left), least, TimeToLive::longest)};
  }

  /// Does all requests at once, from now on; each ends with a status of its own. Failures are not counted.
  void ask_all(std::span<redis::Request> requests, redis::CallTime time) noexcept {
    const auto fail = [&](const Error& error) {
      for (auto& request : requests)
        request.status = error;
    };
    try {
      if (const auto error = why_not(time)) return fail(*error);
      link.topology->execute_all(requests, time);
      for (auto& request : requests)
        request.status = judge(std::move(request.status), request.reply);
    } catch (...) {
      fail(thrown_failure(Outcome::unknown));
    }
  }

  /// Asks about one key. Fails when the first command has no answer, or an error of the server.
  Status ask_together(std::span<const redis::Command> commands, std::span<redis::Reply> replies,
                      redis::CallTime time, std::uint16_t& server) {
    auto error = why_not(time);
    Status status =
        error ? Status(*std::move(error)) : link.topology->execute_together(commands, replies, time, server);
    auto& first = replies.front();
    if (first.kind != redis::ReplyKind::none) status = judge(Done{}, first);
    if (!status.ok()) count(counters.failures);
    return status;
  }

  /// Why a call cannot begin.
  [[nodiscard]] std::optional<Error> why_not(redis::CallTime time) const {
    if (is_stopped()) return stopped_error();
    if (time.begin < time.deadline) return std::nullopt;
    return Error(ErrorCode::timeout, "no time was left to begin the call");
  }

  /// How a value is stored. An error when it may not be.
  std::optional<Error> payload_of(const std::optional<ByteView>& value, redis::Argument& payload) {
    if (value) {
      if (value->size() > largest_value) {
        count(counters.refusals);
        return Error(ErrorCode::too_large, "the value is larger than max_value_bytes");
      }
      payload.tail = value->text();
      if (null_as == NullAs::marker && basics::needs_escape(payload.tail)) payload.head = basics::null_marker;
    } else if (null_as == NullAs::marker) {
      payload.tail = basics::null_marker;
    }
    return std::nullopt;
  }

  /// What stored bytes mean; leaves the value in `destination`. `marked`: whether the key was known to have a
  /// large value.
  Result<Found> interpret(std::string_view key, Value& destination, bool marked) {
    if (destination.size() > largest_stored) return too_large();
    count(counters.hits);
    large_keys.saw(key, destination.size(), marked);
    return meaning_of(destination);
  }
  /// The same for a key that is known by its place.
  Result<Found> interpret_at(std::size_t place, Value& destination, bool marked) {
    if (destination.size() > largest_stored) return too_large();
    count(counters.hits);
    large_keys.saw_at(place, destination.size(), marked);
    return meaning_of(destination);
  }

  void wrote(std::string_view key, const redis::Argument& payload) {
    count(counters.writes);
    if (payload.tail.size() >= redis::LargeKeys::large_from) large_keys.saw(key, payload.tail.size(), false);
  }

  /// What an error means that an increment was answered with.
  static Error increment_error(const Error& error);
  /// What the script answered that increments.
  Result<std::int64_t> script_sum(const Status& status, const redis::Reply& reply);
  [[nodiscard]] static std::string_view increment_script() noexcept;
  [[nodiscard]] static const std::string& increment_digest();

  Result<bool> store_if(redis::StoreWords::Only only, std::string_view key, std::optional<ByteView> value,
                        TimeToLive time_to_live);

  /// One step of a walk over all keys; appends those that begin with the prefix, without it.
  Status scan(std::string_view pattern, std::string_view how_many, redis::ScanWalk& walk,
              std::vector<std::string>& keys);
  Status ask_master(redis::Endpoint& master, const redis::Command& command, redis::Reply& reply,
                    redis::CallTime time);
  Result<std::uint64_t> unlink(std::span<const std::string> keys);

  const std::string prefix;
  const std::size_t largest_value;
  const std::size_t largest_stored;  // a value with a marker in front
  const NullAs null_as;
  const double ttl_jitter;
  const bool on_cluster;
  const std::shared_ptr<IRedis> connection;  // null when the connection is the cache's own
  const redis::ConnectionHandle link;
  const std::shared_ptr<ILogger> logger;
  std::atomic<bool> stopped{false};
  redis::LargeKeys large_keys;
  Counters counters;

 private:
  Found meaning_of(Value& destination) {
    if (null_as == NullAs::empty) return Found::hit;
    const auto stored = basics::classify_stored(destination.text());
    return stored == basics::StoredAs::value ? Found::hit : unwrap(stored, destination);
  }
  Error too_large();
  static Found unwrap(basics::StoredAs stored, Value& destination);
};

}  // namespace cachesite
