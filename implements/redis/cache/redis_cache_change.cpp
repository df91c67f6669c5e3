// The calls of a RedisCache that change an entry depending on what is there.

#include "redis/cache/redis_cache_inner.hpp"
#include "redis/wire/script_digest.hpp"

#include <cachesite/detail/ttl_jitter.hpp>
#include <cachesite/redis_cache.hpp>

#include <array>
#include <charconv>
#include <string>
#include <string_view>
#include <system_error>

namespace cachesite {

using redis::Argument;
using redis::NumberWord;
using redis::Reply;
using redis::ReplyKind;
using redis::ReplyKinds;
using redis::StoreWords;

namespace {

// Gives a new counter its end. The sum is read again as text: as a number of Lua it would lose its last
// digits.
constexpr std::string_view counting_script =
    "local new = redis.call('EXISTS', KEYS[1]) == 0\n"
    "local sum = redis.pcall('INCRBY', KEYS[1], ARGV[1])\n"
    "if type(sum) == 'table' then return sum end\n"
    "if new then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end\n"
    "return redis.call('GET', KEYS[1])";

}  // namespace

std::string_view RedisCache::Inner::increment_script() noexcept {
  return counting_script;
}

const std::string& RedisCache::Inner::increment_digest() {
  static const std::string digest = redis::script_digest(counting_script);
  return digest;
}

Error RedisCache::Inner::increment_error(const Error& error) {
  const auto message = error.message();
  const bool no_counter =
      message.find("not an integer") != std::string_view::npos || message.starts_with("WRONGTYPE");
  if (error.code() != ErrorCode::refused) return error;
  if (no_counter) return Error(ErrorCode::refused, "the entry is not a counter", error.outcome());
  if (message.find("overflow") != std::string_view::npos)
    return Error(ErrorCode::refused, "the counter would leave the range of 64 bits", error.outcome());
  return error;
}

Result<std::int64_t> RedisCache::Inner::script_sum(const Status& status, const Reply& reply) {
  const Status judged = judge(status, reply);
  if (!judged.ok()) {
    count(counters.failures);
    return increment_error(judged.error());
  }
  const auto text = reply.text();
  std::int64_t sum = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), sum);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) {
    count(counters.failures);
    return Error(ErrorCode::protocol, "the answer of a script is not a number", Outcome::unknown);
  }
  count(counters.writes);
  return sum;
}

Result<bool> RedisCache::Inner::store_if(StoreWords::Only only, std::string_view key,
                                         std::optional<ByteView> value, TimeToLive time_to_live) {
  Argument payload{{}};
  if (auto refused = payload_of(value, payload)) return *refused;
  StoreWords words;
  const auto arguments = words.make({prefix, key}, payload, jittered(time_to_live, key, ttl_jitter), only);
  Reply reply;
  if (auto status = ask({arguments, ReplyKind::status | ReplyKind::nil, false}, reply, false); !status.ok())
    return status.error();
  if (reply.kind == ReplyKind::nil) return false;
  wrote(key, payload);
  return true;
}

Result<bool> RedisCache::do_add(std::string_view key, std::optional<ByteView> value,
                                TimeToLive time_to_live) {
  return inner_->store_if(StoreWords::Only::if_absent, key, value, time_to_live);
}

Result<bool> RedisCache::do_replace(std::string_view key, std::optional<ByteView> value,
                                    TimeToLive time_to_live) {
  return inner_->store_if(StoreWords::Only::if_present, key, value, time_to_live);
}

Result<std::int64_t> RedisCache::do_increment(std::string_view key, std::int64_t by,
                                              TimeToLive time_to_live) {
  auto& inner = *inner_;
  const NumberWord step(by);
  if (!time_to_live.expires()) {
    const auto sum = inner.ask_number("INCRBY", key, false, step.text());
    if (!sum.ok()) return Inner::increment_error(sum.error());
    inner.count(inner.counters.writes);
    return sum.value();
  }
  const NumberWord lifetime(time_to_live.count());
  std::array<Argument, 6> words{{{"EVALSHA"},
                                 {Inner::increment_digest()},
                                 {"1"},
                                 {inner.prefix, key},
                                 {step.text()},
                                 {lifetime.text()}}};
  const redis::Command command{words, static_cast<ReplyKinds>(ReplyKind::bulk), false};
  const redis::Routing routing{.key_argument = 3};
  Reply reply;
  auto status = inner.send(command, routing, reply);
  if (status.ok() && reply.kind == ReplyKind::error && reply.text().starts_with("NOSCRIPT")) {
    words[0] = {"EVAL"};
    words[1] = {Inner::increment_script()};
    status = inner.send(command, routing, reply);
  }
  return inner.script_sum(status, reply);
}

Result<bool> RedisCache::do_expire(std::string_view key, TimeToLive time_to_live) {
  auto& inner = *inner_;
  if (time_to_live.expires()) {
    const NumberWord lifetime(time_to_live.count());
    const auto found = inner.ask_number("PEXPIRE", key, false, lifetime.text());
    if (!found.ok()) return found.error();
    return found.value() > 0;
  }
  // PERSIST says the same of an entry without an end and of none.
  const std::array<Argument, 2> question{{{"EXISTS"}, {inner.prefix, key}}};
  const std::array<Argument, 2> change{{{"PERSIST"}, {inner.prefix, key}}};
  const auto number = static_cast<ReplyKinds>(ReplyKind::integer);
  std::array<redis::Request, 2> requests;
  requests[0].command = {question, number, true};
  requests[1].command = {change, number, false};
  inner.ask_all(requests, inner.call_time());
  const auto& [there, changed] = requests;
  if (there.status.ok() && changed.status.ok()) return there.reply.integer > 0 || changed.reply.integer > 0;
  inner.count(inner.counters.failures);
  if (!changed.status.ok()) return changed.status.error();
  return there.status.error().with(Outcome::unknown);
}

Result<bool> RedisCache::do_persist(std::string_view key) {
  const auto changed = inner_->ask_number("PERSIST", key, false);
  if (!changed.ok()) return changed.error();
  return changed.value() > 0;
}

}  // namespace cachesite
