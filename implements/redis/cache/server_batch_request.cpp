#include "redis/cache/server_batch_request.hpp"

#include <cachesite/detail/ttl_jitter.hpp>

#include <algorithm>
#include <array>
#include <deque>
#include <exception>
#include <new>
#include <span>
#include <utility>

namespace cachesite {

using redis::Argument;
using redis::Command;
using redis::Reply;
using redis::ReplyKind;
using redis::ReplyKinds;

struct RedisCache::ServerBatchRequest::Words {
  std::vector<std::vector<Argument>> arguments;
  std::deque<redis::StoreWords> to_store;
  std::vector<Command> commands;
};

bool RedisCache::ServerBatchRequest::begin(redis::Endpoint& endpoint, IEventLoop& loop) {
  endpoint_ = &endpoint;
  const auto now = redis::SteadyTime::now();
  time_ = {now, call_.deadline(now).value_or(now + inner_.link.patience)};
  at_server_ = redis::EndpointCall::make();
  if (at_server_ == nullptr) throw std::bad_alloc();
  plan();
  call_.keep_arguments();
  return !call_.suspend(*this, loop) || go_on();
}

void RedisCache::ServerBatchRequest::plan() {
  const std::size_t count = call_.request().items();
  items_.reserve(count);
  for (std::size_t item = 0; item < count; ++item)
    if (!is_refused(item)) items_.push_back(item);
  for (std::size_t from = 0; from < items_.size();) {
    Round round{from, 0};
    for (std::size_t bytes = 0; from < items_.size() && round.count < Inner::most_keys_in_a_round; ++from) {
      bytes += bytes_of(items_[from]);
      if (round.count != 0 && bytes > Inner::most_bytes_in_a_round) break;
      ++round.count;
    }
    rounds_.push_back(round);
  }
  std::reverse(rounds_.begin(), rounds_.end());
}

bool RedisCache::ServerBatchRequest::is_refused(std::size_t item) {
  auto& request = call_.request();
  if (request.operation != CacheOperation::set_many) return false;
  Argument payload{{}};
  const auto refused = inner_.payload_of(request.entries[item].value, payload);
  if (refused) request.fail(item, *refused);
  return refused.has_value();
}

std::size_t RedisCache::ServerBatchRequest::bytes_of(std::size_t item) const noexcept {
  const auto& request = call_.request();
  if (request.operation != CacheOperation::set_many) return 0;
  const auto& value = request.entries[item].value;
  return request.entries[item].key.size() + (value ? value->size() : 0);
}

void RedisCache::ServerBatchRequest::ended() noexcept {
  take_round();
  if (go_on()) call_.resume();
}

// True when all is done.
bool RedisCache::ServerBatchRequest::go_on() noexcept {
  while (!rounds_.empty()) {
    round_ = rounds_.back();
    rounds_.pop_back();
    if (cancelled_.load(std::memory_order_relaxed)) {
      fail_all(items_of(round_), Error(ErrorCode::closed, "the caller has asked for the end of the call"));
      continue;
    }
    try {
      if (!send(round_)) return false;
      take_round();
    } catch (const std::exception&) {
      fail_all(items_of(round_), Error(ErrorCode::no_memory));
    }
  }
  return true;
}

// True when it has ended.
bool RedisCache::ServerBatchRequest::send(Round round) {
  Words words;
  const Items items = items_of(round);
  switch (call_.request().operation) {
    case CacheOperation::get_many:
      ask_values(items, words);
      break;
    case CacheOperation::set_many:
      ask_to_store(items, words);
      break;
    default:
      ask_numbers(items, words);
  }
  return at_server_->begin(*endpoint_, {words.commands}, time_, *this);
}

void RedisCache::ServerBatchRequest::ask_values(Items items, Words& words) const {
  const auto keys = call_.request().keys;
  for (std::size_t first = 0; first < items.size(); first += Inner::most_keys_in_a_command) {
    const auto part = items.subspan(first, std::min(Inner::most_keys_in_a_command, items.size() - first));
    bool large = false;
    auto& arguments = words.arguments.emplace_back();
    arguments.reserve(part.size() + 1);
    arguments.push_back({"MGET"});
    for (const auto item : part) {
      arguments.push_back({inner_.prefix, keys[item]});
      large = large || inner_.large_keys.contains(keys[item]);
    }
    words.commands.push_back({arguments, static_cast<ReplyKinds>(ReplyKind::array), true, large});
  }
}

void RedisCache::ServerBatchRequest::ask_numbers(Items items, Words& words) const {
  const bool removes = call_.request().operation == CacheOperation::remove_many;
  for (const auto item : items) {
    const auto& arguments = words.arguments.emplace_back(
        std::vector<Argument>{{removes ? "UNLINK" : "PTTL"}, {inner_.prefix, call_.request().keys[item]}});
    words.commands.push_back({arguments, Inner::number_reply, !removes});
  }
}

void RedisCache::ServerBatchRequest::ask_to_store(Items items, Words& words) const {
  for (const auto item : items) {
    const auto& entry = call_.request().entries[item];
    Argument payload{{}};
    (void)inner_.payload_of(entry.value, payload);
    const auto life = jittered(entry.time_to_live, entry.key, inner_.ttl_jitter);
    words.commands.push_back({words.to_store.emplace_back().make({inner_.prefix, entry.key}, payload, life),
                              static_cast<ReplyKinds>(ReplyKind::status), false});
  }
}

void RedisCache::ServerBatchRequest::take_round() noexcept {
  const Items items = items_of(round_);
  try {
    if (call_.request().operation == CacheOperation::get_many) return take_values(items);
    const Status& status = at_server_->status();
    const auto answers = at_server_->answers();
    for (std::size_t index = 0; index < items.size(); ++index)
      if (index >= answers.size() || answers[index].kind == ReplyKind::none)
        fail(items[index], status.ok() ? Error(ErrorCode::protocol) : status.error());
      else if (answers[index].kind == ReplyKind::error)
        fail(items[index], Inner::server_error(answers[index]));
      else
        take(items[index], answers[index]);
  } catch (const std::exception&) {
    fail_all(items, Error(ErrorCode::no_memory, "", Outcome::unknown));
  }
}

// An answer over the limit ends the connection, and with it the answers of all. So it is looked for.
void RedisCache::ServerBatchRequest::take_values(Items items) {
  const Status& status = at_server_->status();
  if (!status.ok() && status.error().code() == ErrorCode::too_large && items.size() > 1) {
    const std::size_t half = items.size() / 2;
    rounds_.push_back({round_.first + half, round_.count - half});
    rounds_.push_back({round_.first, half});
    return;
  }
  const auto answers = at_server_->answers();
  for (std::size_t index = 0; index < items.size(); ++index) {
    const std::size_t command = index / Inner::most_keys_in_a_command;
    const std::size_t element = index % Inner::most_keys_in_a_command;
    const std::size_t asked =
        std::min(Inner::most_keys_in_a_command, items.size() - command * Inner::most_keys_in_a_command);
    if (command >= answers.size() || answers[command].kind == ReplyKind::none)
      fail(items[index], status.ok() ? Error(ErrorCode::protocol) : status.error());
    else if (answers[command].kind == ReplyKind::error)
      fail(items[index], Inner::server_error(answers[command]));
    else if (answers[command].elements.size() != asked)
      fail(items[index], Error(ErrorCode::protocol, "the server answered for a different number of keys"));
    else
      take_value(items[index], answers[command].elements[element]);
  }
}

void RedisCache::ServerBatchRequest::take_value(std::size_t item, Reply& reply) {
  auto& result = call_.request().results_as<Lookup>()[item];
  if (reply.kind == ReplyKind::nil) {
    inner_.count(inner_.counters.misses);
    result = Lookup();
    return;
  }
  if (reply.kind != ReplyKind::bulk)
    return fail(item, Error(ErrorCode::protocol, "the answer of the server is not a value"));
  const auto key = call_.request().keys[item];
  const auto found = inner_.interpret(key, reply.value, inner_.large_keys.contains(key));
  if (found.ok())
    result.set(found.value(), std::move(reply.value));
  else
    result = Lookup(found.error());
}

void RedisCache::ServerBatchRequest::take(std::size_t item, const Reply& reply) noexcept {
  auto& request = call_.request();
  if (request.operation == CacheOperation::set_many) {
    Argument payload{{}};
    (void)inner_.payload_of(request.entries[item].value, payload);
    inner_.wrote(request.entries[item].key, payload);
    request.results_as<Status>()[item] = Done{};
  } else if (request.operation == CacheOperation::remove_many) {
    if (reply.integer > 0) inner_.count(inner_.counters.removals);
    request.results_as<Result<bool>>()[item] = reply.integer > 0;
  } else {
    request.results_as<Result<Remaining>>()[item] = Inner::remaining(reply.integer);
  }
}

void RedisCache::ServerBatchRequest::fail(std::size_t item, const Error& error) noexcept {
  inner_.count(inner_.counters.failures);
  call_.request().fail(item, error);
}

void RedisCache::ServerBatchRequest::fail_all(Items items, const Error& error) noexcept {
  for (const auto item : items)
    fail(item, error);
}

}  // namespace cachesite
