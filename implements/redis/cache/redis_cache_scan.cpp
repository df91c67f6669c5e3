// The calls of a RedisCache that are about all keys.

#include "basics/partial_removal.hpp"
#include "redis/cache/redis_cache_inner.hpp"
#include "redis/endpoint/endpoint.hpp"

#include <cachesite/detail/key_range.hpp>
#include <cachesite/redis_cache.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cachesite {

using redis::Argument;
using redis::Reply;
using redis::ReplyKind;
using redis::ReplyKinds;
using redis::Request;

namespace {

constexpr auto integer_reply = static_cast<ReplyKinds>(ReplyKind::integer);

// How much work one step asks of a server: few keys for whoever looks at each, more to remove or count them.
constexpr std::string_view keys_to_show = "100";
constexpr std::string_view keys_to_handle = "512";

}  // namespace

Status RedisCache::Inner::ask_master(redis::Endpoint& master, const redis::Command& command, Reply& reply,
                                     redis::CallTime time) {
  // Another master may have been waited for since the call began.
  return judge(master.call(command, reply, {redis::SteadyTime::now(), time.deadline}), reply);
}

Status RedisCache::Inner::scan(std::string_view pattern, std::string_view how_many, redis::ScanWalk& walk,
                               std::vector<std::string>& keys) {
  const auto failed = [&](const Error& error) {
    count(counters.failures);
    return error;
  };
  if (is_stopped()) return failed(stopped_error());
  const auto time = call_time();
  std::vector<std::string> masters;
  const auto list = [&](redis::Endpoint& master) -> Status {
    masters.push_back(master.address().text());
    return Done{};
  };
  if (const auto listed = link.topology->for_each_master(list, time); !listed.ok())
    return failed(listed.error());
  const auto chosen = walk.next(masters);
  if (walk.lost())
    return failed(
        Error(ErrorCode::unreachable, "the servers changed too often during the iteration over their keys"));
  if (!chosen) return Done{};
  const std::string whole = escape_key_pattern(prefix) + std::string(pattern);
  const std::string cursor(walk.cursor());
  const std::array<Argument, 6> words{{{"SCAN"}, {cursor}, {"MATCH"}, {whole}, {"COUNT"}, {how_many}}};
  const redis::Command command{words, static_cast<ReplyKinds>(ReplyKind::array), true};
  std::optional<Reply> answer;
  const auto visit = [&](redis::Endpoint& master) -> Status {
    if (answer || master.address().text() != *chosen) return Done{};
    return ask_master(master, command, answer.emplace(), time);
  };
  if (const auto asked = link.topology->for_each_master(visit, time); !asked.ok())
    return failed(asked.error());
  if (!answer)
    return failed(Error(ErrorCode::unreachable, *chosen + " left during the iteration over the keys"));
  auto& parts = answer->elements;
  if (parts.size() != 2 || parts[0].kind != ReplyKind::bulk || parts[1].kind != ReplyKind::array)
    return failed(Error(ErrorCode::protocol, "the answer to SCAN is malformed"));
  for (const auto& element : parts[1].elements) {
    const auto key = element.text();
    // What is no longer than the prefix is no key of this cache.
    if (element.kind == ReplyKind::bulk && key.size() > prefix.size() && key.starts_with(prefix))
      keys.emplace_back(key.substr(prefix.size()));
  }
  walk.answered(parts[0].text(), masters);
  return Done{};
}

Status RedisCache::do_scan(std::string_view pattern, ScanPosition& position, std::vector<std::string>& keys) {
  redis::ScanWalk walk(position.text);
  if (auto status = inner_->scan(pattern, keys_to_show, walk, keys); !status.ok()) return status;
  position.finished = walk.finished();
  position.text = walk.text();
  return Done{};
}

Result<std::uint64_t> RedisCache::Inner::unlink(std::span<const std::string> keys) {
  if (keys.empty()) return std::uint64_t{0};
  std::vector<Request> requests;
  std::vector<Argument> words;
  std::vector<std::array<Argument, 2>> single_words;
  if (on_cluster) {
    single_words.resize(keys.size());
    requests.resize(keys.size());
    for (std::size_t index = 0; index < keys.size(); ++index) {
      single_words[index] = {{{"UNLINK"}, {prefix, keys[index]}}};
      requests[index].command = {single_words[index], integer_reply, false};
    }
  } else {
    words.reserve(keys.size() + 1);
    words.push_back({"UNLINK"});
    for (const auto& key : keys)
      words.push_back({prefix, key});
    requests.resize(1);
    requests[0].command = {words, integer_reply, false};
  }
  ask_all(requests, call_time());
  basics::PartialRemoval removal;
  for (const auto& request : requests)
    if (request.status.ok())
      removal.removed(static_cast<std::uint64_t>(request.reply.integer));
    else
      removal.failed(request.status.error());
  count(counters.removals, removal.entries());
  if (!removal.ok()) count(counters.failures);
  return removal.result();
}

Result<std::uint64_t> RedisCache::do_remove_matching(std::string_view pattern) {
  basics::PartialRemoval removal;
  const auto step = [&](redis::ScanWalk& walk) {
    std::vector<std::string> keys;
    if (const auto scanned = inner_->scan(pattern, keys_to_handle, walk, keys); !scanned.ok())
      return removal.failed(scanned.error());
    const auto unlinked = inner_->unlink(keys);
    if (!unlinked.ok()) return removal.failed(unlinked.error());
    removal.removed(unlinked.value());
  };
  try {
    for (redis::ScanWalk walk; removal.ok() && !walk.finished();)
      step(walk);
  } catch (...) {
    removal.failed(thrown_failure());
  }
  return removal.result();
}

Status RedisCache::do_clear() {
  const auto removed = RedisCache::do_remove_matching("*");
  if (!removed.ok()) return removed.error();
  inner_->count(inner_->counters.clears);
  return Done{};
}

Result<std::uint64_t> RedisCache::do_size() {
  auto& inner = *inner_;
  std::uint64_t size = 0;
  if (!inner.prefix.empty()) {
    redis::ScanWalk walk;
    std::vector<std::string> keys;
    while (!walk.finished()) {
      keys.clear();
      if (const auto scanned = inner.scan("*", keys_to_handle, walk, keys); !scanned.ok())
        return scanned.error();
      size += keys.size();
    }
    return size;
  }
  if (inner.is_stopped()) return inner.stopped_error();
  const std::array<Argument, 1> words{{{"DBSIZE"}}};
  const auto time = inner.call_time();
  const auto asked = inner.link.topology->for_each_master(
      [&](redis::Endpoint& master) -> Status {
        Reply reply;
        auto status = inner.ask_master(master, {words, integer_reply, true}, reply, time);
        if (status.ok()) size += static_cast<std::uint64_t>(reply.integer);
        return status;
      },
      time);
  if (asked.ok()) return size;
  inner.count(inner.counters.failures);
  return asked.error();
}

Status RedisCache::flush_database() noexcept {
  return guarded_call<Done>(
      [&]() -> Status {
        auto& inner = *inner_;
        if (inner.is_stopped()) return inner.stopped_error();
        const std::array<Argument, 2> words{{{"FLUSHDB"}, {"ASYNC"}}};
        const auto time = inner.call_time();
        std::size_t emptied = 0;
        const auto status = inner.link.topology->for_each_master(
            [&](redis::Endpoint& master) {
              Reply reply;
              auto answered = inner.ask_master(
                  master, {words, static_cast<ReplyKinds>(ReplyKind::status), false}, reply, time);
              if (answered.ok()) ++emptied;
              return answered;
            },
            time);
        inner.count(status.ok() ? inner.counters.clears : inner.counters.failures);
        if (status.ok() || emptied == 0) return status;
        return status.error().with(Outcome::unknown);
      },
      Outcome::unknown);
}

}  // namespace cachesite
