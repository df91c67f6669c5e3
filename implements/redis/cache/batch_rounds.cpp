#include "redis/cache/batch_rounds.hpp"

#include <cachesite/detail/ttl_jitter.hpp>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <numeric>
#include <utility>

namespace cachesite::redis {

namespace {

std::size_t bytes_of(const CacheEntry& entry) noexcept {
  return entry.key.size() + (entry.value ? entry.value->size() : 0);
}

}  // namespace

BatchRounds::BatchRounds(Inner& inner, CacheRequest& request) : inner_(inner), request_(request) {
  if (request_.operation == CacheOperation::set_many)
    plan_to_store();
  else
    plan_to_ask();
  std::reverse(rounds_.begin(), rounds_.end());
  constexpr std::size_t most_halves = 16;  // more than a round can be halved
  rounds_.reserve(rounds_.size() + most_halves);
}

void BatchRounds::plan_to_ask() {
  const std::size_t count = request_.items();
  items_.resize(count);
  std::iota(items_.begin(), items_.end(), std::size_t{0});
  for (std::size_t from = 0; from < count; from += rounds_.back().count)
    rounds_.push_back({from, std::min(count - from, Inner::most_keys_in_a_round)});
}

void BatchRounds::plan_to_store() {
  const std::size_t count = request_.items();
  items_.reserve(count);
  for (std::size_t item = 0; item < count; ++item)
    if (!is_refused(item)) items_.push_back(item);
  for (std::size_t from = 0; from < items_.size();) {
    Round round{from, 0};
    for (std::size_t bytes = 0; from < items_.size() && round.count < Inner::most_keys_in_a_round; ++from) {
      bytes += bytes_of(request_.entries[items_[from]]);
      if (round.count != 0 && bytes > Inner::most_bytes_in_a_round) break;
      ++round.count;
    }
    rounds_.push_back(round);
  }
}

bool BatchRounds::is_refused(std::size_t item) {
  Argument payload{{}};
  const auto refused = inner_.payload_of(request_.entries[item].value, payload);
  if (refused) request_.fail(item, *refused);
  return refused.has_value();
}

std::span<Request> BatchRounds::begin() noexcept {
  while (!rounds_.empty()) {
    try {
      make_requests();
      return requests_;
    } catch (const std::exception&) {
      fail(Error(ErrorCode::no_memory));
    }
  }
  return {};
}

void BatchRounds::make_requests() {
  round_ = rounds_.back();
  rounds_.pop_back();
  words_.clear();
  to_store_.clear();
  requests_.clear();
  again_.clear();
  const std::size_t count = round_.count;
  words_.reserve(4 * count + 1);  // so that they never move
  requests_.reserve(2 * count);
  again_.reserve(count);
  switch (request_.operation) {
    case CacheOperation::get_many:
      if (inner_.on_cluster)
        ask_of_each("GET", ReplyKind::bulk | ReplyKind::nil, true);
      else
        ask_together();
      if (!request_.lives.empty()) ask_of_each("PTTL", Inner::number_reply, true);
      break;
    case CacheOperation::set_many:
      ask_to_store();
      break;
    case CacheOperation::remove_many:
      ask_of_each("UNLINK", Inner::number_reply, false);
      break;
    default:
      ask_of_each("PTTL", Inner::number_reply, true);
  }
}

void BatchRounds::ask_of_each(std::string_view name, ReplyKinds expected, bool only_reads) {
  for (const auto item : items()) {
    const auto key = request_.key_of(item);
    const std::size_t first_word = words_.size();
    words_.push_back({name});
    words_.push_back({inner_.prefix, key});
    add(first_word, expected, only_reads,
        contains(expected, ReplyKind::bulk) && inner_.large_keys.contains(key));
  }
}

void BatchRounds::ask_together() {
  for (Items left = items(); !left.empty();) {
    const Items part = left.first(std::min(left.size(), Inner::most_keys_in_a_command));
    left = left.subspan(part.size());
    bool large = false;
    const std::size_t first_word = words_.size();
    words_.push_back({"MGET"});
    for (const auto item : part) {
      words_.push_back({inner_.prefix, request_.keys[item]});
      large = large || inner_.large_keys.contains(request_.keys[item]);
    }
    add(first_word, static_cast<ReplyKinds>(ReplyKind::array), true, large);
  }
}

void BatchRounds::ask_to_store() {
  for (const auto item : items()) {
    const auto& entry = request_.entries[item];
    Argument payload{{}};
    (void)inner_.payload_of(entry.value, payload);
    const auto life = jittered(entry.time_to_live, entry.key, inner_.ttl_jitter);
    auto& request = requests_.emplace_back();
    request.command = {to_store_.emplace_back().make({inner_.prefix, entry.key}, payload, life),
                       static_cast<ReplyKinds>(ReplyKind::status), false};
  }
}

void BatchRounds::add(std::size_t first_word, ReplyKinds expected, bool only_reads, bool large) {
  auto& request = requests_.emplace_back();
  request.command = {std::span(words_).subspan(first_word), expected, only_reads, large};
  request.routing.only_reads = only_reads;
}

void BatchRounds::do_all(CallTime time) {
  for (auto requests = begin(); !requests.empty(); requests = begin()) {
    inner_.ask_all(requests, time.rest());
    end();
  }
}

void BatchRounds::end() noexcept try {
  if (request_.operation == CacheOperation::get_many) {
    take_values();
    if (!request_.lives.empty()) take_lives();
    return do_again();
  }
  for (std::size_t index = 0; index < round_.count; ++index)
    take(items()[index], requests_[index]);
} catch (const std::exception&) {
  fail(Error(ErrorCode::no_memory, "", Outcome::unknown));
}

// A command is about one key or about many.
void BatchRounds::take_values() {
  Items left = items();
  for (auto& request : std::span(requests_)) {
    if (left.empty()) break;
    const Items part = left.first(request.command.arguments.size() - 1);
    left = left.subspan(part.size());
    if (!contains(request.command.expected, ReplyKind::array))
      take_values(part, request, {&request.reply, 1});
    else if (request.status.ok() && request.reply.elements.size() != part.size())
      fail(part, Error(ErrorCode::protocol, "the server answered for a different number of keys"));
    else
      take_values(part, request, request.reply.elements);
  }
}

void BatchRounds::take_values(Items part, const Request& request, std::span<Reply> replies) {
  if (!request.status.ok()) {
    if (request.status.error().code() != ErrorCode::too_large || round_.count == 1)
      return fail(part, request.status.error());
    again_.insert(again_.end(), part.begin(), part.end());
    return;
  }
  const auto results = request_.results_as<Lookup>();
  for (std::size_t index = 0; index < part.size(); ++index)
    take_value(request_.keys[part[index]], replies[index], results[part[index]]);
  if (!request_.lives.empty())
    for (const auto item : part)
      request_.lives[item].server = request.server;
}

inline void BatchRounds::take_value(std::string_view key, Reply& reply, Lookup& result) {
  if (reply.kind == ReplyKind::bulk) {
    const auto found = inner_.interpret(key, reply.value, inner_.large_keys.contains(key));
    if (found.ok())
      result.set(found.value(), std::move(reply.value));
    else
      result = Lookup(found.error());
  } else if (reply.kind == ReplyKind::nil) {
    inner_.count(inner_.counters.misses);
    result = Lookup();
  } else {
    inner_.count(inner_.counters.failures);
    result = Lookup(Error(ErrorCode::protocol, "the answer of the server is not a value"));
  }
}

void BatchRounds::take_lives() noexcept {
  const auto lives = std::span<const Request>(requests_).last(round_.count);
  for (std::size_t index = 0; index < round_.count; ++index) {
    EntryLife& life = request_.lives[items()[index]];
    if (lives[index].server != life.server) life.server = Request::no_server;
    if (lives[index].status.ok()) life.left = Inner::remaining(lives[index].reply.integer);
  }
}

void BatchRounds::take(std::size_t item, const Request& request) noexcept {
  if (!request.status.ok()) return fail(item, request.status.error());
  const auto number = request.reply.integer;
  if (request_.operation == CacheOperation::set_many) {
    Argument payload{{}};
    (void)inner_.payload_of(request_.entries[item].value, payload);
    inner_.wrote(request_.entries[item].key, payload);
    request_.results_as<Status>()[item] = Done{};
  } else if (request_.operation == CacheOperation::remove_many) {
    if (number > 0) inner_.count(inner_.counters.removals);
    request_.results_as<Result<bool>>()[item] = number > 0;
  } else {
    request_.results_as<Result<Remaining>>()[item] = Inner::remaining(number);
  }
}

void BatchRounds::fail(std::size_t item, const Error& error) noexcept {
  inner_.count(inner_.counters.failures);
  request_.fail(item, error);
}

void BatchRounds::fail(Items part, const Error& error) noexcept {
  for (const auto item : part)
    fail(item, error);
}

void BatchRounds::do_again() noexcept {
  std::copy(again_.begin(), again_.end(), items_.begin() + static_cast<std::ptrdiff_t>(round_.first));
  const std::size_t half = again_.size() / 2;
  if (const std::size_t rest = again_.size() - half; rest != 0)
    rounds_.push_back({round_.first + half, rest});
  if (half != 0) rounds_.push_back({round_.first, half});
}

}  // namespace cachesite::redis
