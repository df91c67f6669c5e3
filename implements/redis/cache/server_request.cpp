#include "redis/cache/server_request.hpp"

#include "redis/cache/server_batch_request.hpp"

#include <cachesite/detail/ttl_jitter.hpp>

#include <array>
#include <exception>
#include <utility>

namespace cachesite {

using redis::Argument;
using redis::Command;
using redis::Reply;
using redis::ReplyKind;
using redis::ReplyKinds;
using redis::StoreWords;

bool RedisCache::do_begin_async(AsyncRequest& call) {
  auto& inner = *inner_;
  const CacheRequest& request = call.request();
  auto& topology = *inner.link.topology;
  redis::Endpoint* const server = topology.only_endpoint();
  redis::RoutedTopology* const servers = server == nullptr ? topology.routed() : nullptr;
  const bool known = ServerRequest::suits(request) || request.is_batch();
  if (!known || (server == nullptr && servers == nullptr)) return CacheBase::do_begin_async(call);
  const auto loop = server != nullptr ? server->event_loop() : servers->event_loop();
  if (inner.is_stopped() || !loop.ok()) {
    inner.count(inner.counters.failures, request.is_batch() ? request.items() : 1);
    call.request().fail(inner.is_stopped() ? Inner::stopped_error() : loop.error());
    return true;
  }
  if (request.is_batch()) return call.memory().make<ServerBatchRequest>(inner, call).begin(*loop.value());
  if (server != nullptr) return call.memory().make<ServerRequest>(inner, call).begin(*server, *loop.value());
  call.keep_arguments();
  return call.memory().make<ServerRequest>(inner, call).begin(*servers, *loop.value());
}

bool RedisCache::ServerRequest::suits(const CacheRequest& request) noexcept {
  return request.subject() == CacheSubject::key;
}

bool RedisCache::ServerRequest::begin(redis::Endpoint& server, IEventLoop& loop) {
  server_ = &server;
  time_ = inner_.call_time(call_);
  at_server_ = redis::EndpointCall::make();
  if (at_server_ == nullptr) {
    fail(Error(ErrorCode::no_memory));
    return true;
  }
  return !call_.suspend(*this, loop) || ask_once();
}

bool RedisCache::ServerRequest::begin(redis::RoutedTopology& servers, IEventLoop& loop) {
  time_ = inner_.call_time(call_);
  routed_ = redis::RoutedCall::make();
  if (routed_ == nullptr) {
    fail(Error(ErrorCode::no_memory));
    return true;
  }
  if (is_refused() || !call_.suspend(*this, loop)) return true;
  const auto& request = call_.request();
  const bool only_reads = request.effect() == CacheEffect::read || request.effect() == CacheEffect::look;
  if (!routed_->begin(servers, {{inner_.prefix, request.key}, only_reads}, time_, *this)) return false;
  answer();
  return true;
}

// What no server is asked to store.
// Inline: what only this file calls is not exported.
inline bool RedisCache::ServerRequest::is_refused() {
  auto& request = call_.request();
  if (request.effect() != CacheEffect::store) return false;
  Argument payload{{}};
  const auto refused = inner_.payload_of(request.value, payload);
  if (refused) request.fail(*refused);
  return refused.has_value();
}

bool RedisCache::ServerRequest::ask_once() noexcept try { return ask(); } catch (const std::exception&) {
  fail(Error(ErrorCode::no_memory));
  return true;
}

// Throws only before a server is asked.
bool RedisCache::ServerRequest::ask() {
  switch (call_.request().operation) {
    case CacheOperation::read:
      return read();
    case CacheOperation::write:
      return store(StoreWords::Only::always);
    case CacheOperation::add:
      return store(StoreWords::Only::if_absent);
    case CacheOperation::replace:
      return store(StoreWords::Only::if_present);
    case CacheOperation::increment:
      return increment();
    case CacheOperation::remove:
      return ask_key("DEL", Inner::number_reply, false);
    case CacheOperation::contains:
      return ask_key("EXISTS", Inner::number_reply, true);
    case CacheOperation::time_to_live:
      return ask_key("PTTL", Inner::number_reply, true);
    case CacheOperation::expire:
      return expire();
    case CacheOperation::persist:
      return ask_key("PERSIST", Inner::number_reply, false);
    default:
      fail(Error(ErrorCode::unsupported));
      return true;
  }
}

bool RedisCache::ServerRequest::send(const redis::ServerQuestion& question) {
  if (routed_ != nullptr) {
    routed_->ask(question);
    return false;
  }
  if (!at_server_->begin(*server_, question, time_, *this)) return false;
  answer();
  return true;
}

bool RedisCache::ServerRequest::ask_key(std::string_view name, ReplyKinds expected, bool only_reads,
                                        std::string_view argument) {
  const std::array<Argument, 3> words{{{name}, {inner_.prefix, call_.request().key}, {argument}}};
  const Command command{std::span(words).first(argument.empty() ? 2 : 3), expected, only_reads, marked_};
  return send({{&command, 1}});
}

inline bool RedisCache::ServerRequest::read() {
  const auto key = call_.request().key;
  place_ = redis::LargeKeys::place(key);
  marked_ = inner_.large_keys.contains(key);
  if (!call_.request().lives.empty()) return read_with_life();
  (routed_ ? routed_->place_of_answer() : at_server_->answer()).value =
      std::move(*call_.request().destination);
  return ask_key("GET", ReplyKind::bulk | ReplyKind::nil, true);
}

inline bool RedisCache::ServerRequest::read_with_life() {
  const Argument key{inner_.prefix, call_.request().key};
  const std::array<Argument, 2> value{{{"GET"}, key}};
  const std::array<Argument, 2> end{{{"PTTL"}, key}};
  const std::array<Command, 2> commands{
      {{value, ReplyKind::bulk | ReplyKind::nil, true, marked_}, {end, Inner::number_reply, true, marked_}}};
  return send({commands});
}

inline bool RedisCache::ServerRequest::store(StoreWords::Only only) {
  auto& request = call_.request();
  Argument payload{{}};
  if (const auto refused = inner_.payload_of(request.value, payload)) {
    request.fail(*refused);
    return true;
  }
  place_ = redis::LargeKeys::place(request.key);
  size_ = payload.tail.size();
  StoreWords words;
  const auto life = jittered(request.time_to_live, request.key, inner_.ttl_jitter);
  const Command command{words.make({inner_.prefix, request.key}, payload, life, only),
                        only == StoreWords::Only::always ? static_cast<ReplyKinds>(ReplyKind::status)
                                                         : ReplyKind::status | ReplyKind::nil,
                        false};
  return send({{&command, 1}});
}

inline bool RedisCache::ServerRequest::increment() {
  const auto& request = call_.request();
  const redis::NumberWord step(request.by);
  if (!request.time_to_live.expires()) return ask_key("INCRBY", Inner::number_reply, false, step.text());
  const redis::NumberWord life(request.time_to_live.count());
  std::array<Argument, 6> words{{{"EVALSHA"},
                                 {Inner::increment_digest()},
                                 {"1"},
                                 {inner_.prefix, request.key},
                                 {step.text()},
                                 {life.text()}}};
  auto by_text = words;
  by_text[0] = {"EVAL"};
  by_text[1] = {Inner::increment_script()};
  const auto kinds = static_cast<ReplyKinds>(ReplyKind::bulk);
  const Command command{words, kinds, false};
  const Command text{by_text, kinds, false};
  return send({{&command, 1}, &text});
}

// PERSIST says the same of an entry without an end and of none.
inline bool RedisCache::ServerRequest::expire() {
  const auto& request = call_.request();
  if (request.time_to_live.expires())
    return ask_key("PEXPIRE", Inner::number_reply, false,
                   redis::NumberWord(request.time_to_live.count()).text());
  const std::array<Argument, 2> question{{{"EXISTS"}, {inner_.prefix, request.key}}};
  const std::array<Argument, 2> change{{{"PERSIST"}, {inner_.prefix, request.key}}};
  const std::array<Command, 2> commands{
      {{question, Inner::number_reply, true}, {change, Inner::number_reply, false}}};
  return send({commands});
}

void RedisCache::ServerRequest::ended() noexcept {
  answer();
  call_.resume();
}

void RedisCache::ServerRequest::answer() noexcept {
  auto& request = call_.request();
  const auto all = routed_ ? routed_->answers() : at_server_->answers();
  auto& reply = all.front();
  const Status& status = routed_ ? routed_->status() : at_server_->status();
  try {
    if (request.operation == CacheOperation::increment) return take_sum(status, reply);
    if (!status.ok()) return fail(status.error());
    // Of the two of `expire`, the second is the change.
    const bool changed = request.operation == CacheOperation::expire && all.back().kind != ReplyKind::error;
    for (const Reply& each : all)
      if (each.kind == ReplyKind::error)
        return fail(Inner::server_error(each).with(changed ? Outcome::unknown : Outcome::not_done));
    if (request.operation == CacheOperation::read) {
      if (all.size() > 1)
        request.lives.front() = {Inner::remaining(all[1].integer), false, false,
                                 server_ != nullptr ? server_->number() : routed_->server()};
      return take_value(all.front());
    }
    if (request.effect() == CacheEffect::store) return take_stored(reply);
    if (all.size() == 1) return take_number(reply.integer);
    request.end(Result<bool>(all[0].integer > 0 || all[1].integer > 0));
  } catch (const std::exception&) {
    fail(Error(ErrorCode::no_memory, "", Outcome::unknown));
  }
}

inline void RedisCache::ServerRequest::take_value(Reply& reply) noexcept {
  auto& request = call_.request();
  *request.destination = std::move(reply.value);
  if (reply.kind == ReplyKind::nil) {
    inner_.count(inner_.counters.misses);
    return request.end(Result<Found>(Found::miss));
  }
  request.end(inner_.interpret_at(place_, *request.destination, marked_));
}

inline void RedisCache::ServerRequest::take_stored(const Reply& reply) noexcept {
  auto& request = call_.request();
  const bool stored = reply.kind != ReplyKind::nil;
  if (stored) inner_.count(inner_.counters.writes);
  if (stored && size_ >= redis::LargeKeys::large_from) inner_.large_keys.saw_at(place_, size_, false);
  if (request.operation == CacheOperation::write)
    request.end(Status(Done{}));
  else
    request.end(Result<bool>(stored));
}

inline void RedisCache::ServerRequest::take_sum(const Status& status, const Reply& reply) {
  auto& request = call_.request();
  if (request.time_to_live.expires()) return request.end(inner_.script_sum(status, reply));
  const Status judged = Inner::judge(status, reply);
  inner_.count(judged.ok() ? inner_.counters.writes : inner_.counters.failures);
  if (!judged.ok()) return request.fail(Inner::increment_error(judged.error()));
  request.end(Result<std::int64_t>(reply.integer));
}

inline void RedisCache::ServerRequest::take_number(std::int64_t number) noexcept {
  auto& request = call_.request();
  if (request.operation == CacheOperation::time_to_live)
    return request.end(Result<Remaining>(Inner::remaining(number)));
  if (request.operation == CacheOperation::remove && number > 0) inner_.count(inner_.counters.removals);
  request.end(Result<bool>(number > 0));
}

void RedisCache::ServerRequest::fail(const Error& error) noexcept {
  inner_.count(inner_.counters.failures);
  call_.request().fail(error);
}

}  // namespace cachesite
