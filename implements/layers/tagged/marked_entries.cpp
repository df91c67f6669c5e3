#include "layers/tagged/marked_entries.hpp"

#include "layers/tagged/tagged_value.hpp"
#include "layers/tagged/untagged.hpp"

#include <algorithm>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace cachesite::layers {

namespace {

Error damaged() {
  return Error(ErrorCode::corrupt, "the stored bytes are not a value with tags");
}

}  // namespace

Status MarkedEntries::store(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live,
                            std::span<const std::string_view> tags) const {
  const auto marks = markers_.prepare(tags, time_to_live);
  if (!marks.ok()) return marks.error();
  std::string stored;
  encode_tagged(value ? std::optional(value->text()) : std::nullopt, marks.value(), stored);
  return below()->write(key, ByteView(stored), time_to_live);
}

void MarkedEntries::do_begin(CacheRequest& request) {
  switch (request.effect()) {
    case CacheEffect::read:
      return begin_read(request);
    case CacheEffect::look:
      return begin_look(request);
    case CacheEffect::store:
      return begin_store(request);
    case CacheEffect::count:
      return request.end(add_to_counter(request));
    case CacheEffect::prolong:
      return request.end(prolong(request));
    case CacheEffect::remove:
    case CacheEffect::list:
      return forward(request);
  }
}

void MarkedEntries::begin_read(CacheRequest& request) {
  if (!request.is_batch())
    return request.end(payload_of(forward_read_as(request, *request.destination), *request.destination));
  forward(request);
  check_all(request.results_as<Lookup>());
}

void MarkedEntries::begin_look(CacheRequest& request) {
  if (request.is_batch()) {
    forward(request);
    drop_evicted(request.keys, request.results_as<Result<Remaining>>());
  } else if (request.operation == CacheOperation::time_to_live) {
    request.end(life_of(request.key));
  } else {
    request.end(is_there(request.key));
  }
}

void MarkedEntries::begin_store(CacheRequest& request) {
  if (request.is_batch()) return write_all(request);
  if (request.operation == CacheOperation::write)
    return request.end(do_write(request.key, request.value, request.time_to_live));
  request.end(request.operation == CacheOperation::add ? add_entry(request) : replace_entry(request));
}

Result<Found> MarkedEntries::do_read(std::string_view key, Value& destination) {
  return payload_of(forward_read(key, destination), destination);
}

// What was read, without its marks; a miss when a tag was evicted.
Result<Found> MarkedEntries::payload_of(const Result<Found>& found, Value& destination) {
  if (!found.ok() || found.value() != Found::hit || !looks_tagged(destination.text())) return found;
  const Value stored = std::move(destination);
  destination = Value();
  const auto tagged = decode_tagged(stored.text());
  if (!tagged) return damaged();
  if (!tagged->marks.empty()) {
    const auto valid = markers_.check(tagged->marks);
    if (!valid.ok()) return valid.error();
    if (std::count(valid.value().begin(), valid.value().end(), false) > 0) return Found::miss;
  }
  if (tagged->null) return Found::null;
  destination.assign(ByteView(tagged->payload));
  return Found::hit;
}

void MarkedEntries::drop_evicted(std::span<const std::string_view> keys,
                                 std::span<Result<Remaining>> results) {
  PresentEntries present(keys, results);
  if (present.keys().empty()) return;
  read_all(present.keys(), present.found());
  present.drop_evicted();
}

MarkedEntries::PresentEntries::PresentEntries(std::span<const std::string_view> keys,
                                              std::span<Result<Remaining>> results)
    : results_(results) {
  for (std::size_t index = 0; index < keys.size(); ++index) {
    if (!results[index].ok() || results[index].value().state == Remaining::State::absent) continue;
    places_.push_back(index);
    keys_.push_back(keys[index]);
  }
  found_.resize(keys_.size());
}

void MarkedEntries::PresentEntries::drop_evicted() {
  for (std::size_t index = 0; index < places_.size(); ++index) {
    if (found_[index].failed())
      results_[places_[index]] = found_[index].error();
    else if (found_[index].miss())
      results_[places_[index]] = Remaining{};
  }
}

void MarkedEntries::read_all(std::span<const std::string_view> keys, std::span<Lookup> results) {
  ask_below(CacheOperation::get_many, keys, results);
  check_all(results);
}

// What was read, as `payload_of` does with each, with one question for the markers of all of them.
void MarkedEntries::check_all(std::span<Lookup> results) {
  MarkCheck check(results);
  if (check.asks()) {
    CacheRequest question(CacheOperation::get_many);
    check.put_question(question);
    below()->perform(question);
  }
  check.finish();
}

Result<MarkedEntries::State> MarkedEntries::examine(std::string_view key, Value& stored,
                                                    std::vector<TagMark>& marks) {
  const auto found = forward_read(key, stored);
  if (!found.ok()) return found.error();
  if (found.value() == Found::miss) return State::absent;
  if (found.value() != Found::hit || !looks_tagged(stored.text())) return State::untagged;
  auto tagged = decode_tagged(stored.text());
  if (!tagged) return damaged();
  if (tagged->marks.empty()) return State::untagged;
  marks = std::move(tagged->marks);
  const auto valid = markers_.check(marks);
  if (!valid.ok()) return valid.error();
  return std::count(valid.value().begin(), valid.value().end(), false) == 0 ? State::tagged : State::evicted;
}

Result<bool> MarkedEntries::is_there(std::string_view key) {
  Value stored;
  std::vector<TagMark> marks;
  const auto state = examine(key, stored, marks);
  if (!state.ok()) return state.error();
  return state.value() == State::untagged || state.value() == State::tagged;
}

Result<Remaining> MarkedEntries::life_of(std::string_view key) {
  auto remaining = ask_below<Remaining>(CacheRequest(CacheOperation::time_to_live, key));
  if (!remaining.ok() || remaining.value().state == Remaining::State::absent) return remaining;
  const auto there = is_there(key);
  if (!there.ok()) return there.error();
  return there.value() ? remaining.value() : Remaining{};
}

Status MarkedEntries::do_write(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live) {
  return forward_write(key, Untagged(value).value(), time_to_live);
}

void MarkedEntries::write_all(CacheRequest batch) {
  std::vector<CacheEntry> stored(batch.entries.begin(), batch.entries.end());
  std::deque<Untagged> values;
  for (auto& entry : stored)
    entry.value = values.emplace_back(entry.value).value();
  batch.entries = stored;
  forward(batch);
}

Result<bool> MarkedEntries::add_entry(const CacheRequest& request) {
  const Untagged value(request.value);
  CacheRequest stored = request;
  stored.value = value.value();
  const auto added = ask_below<bool>(stored);
  if (!added.ok() || added.value()) return added;
  const std::lock_guard turn(turn_for(request.key));
  const auto removed = remove_evicted(request.key);
  return removed.ok() && removed.value() ? ask_below<bool>(stored) : removed;
}

Result<bool> MarkedEntries::replace_entry(const CacheRequest& request) {
  const auto there = is_there(request.key);
  if (!there.ok() || !there.value()) return there;
  const Untagged value(request.value);
  CacheRequest stored = request;
  stored.value = value.value();
  return ask_below<bool>(stored);
}

Result<std::int64_t> MarkedEntries::add_to_counter(const CacheRequest& request) {
  const auto sum = ask_below<std::int64_t>(request);
  if (sum.ok() || sum.error().code() != ErrorCode::refused) return sum;
  const std::lock_guard turn(turn_for(request.key));
  // What is there now may be the counter of who had the turn before.
  return remove_evicted(request.key).ok() ? ask_below<std::int64_t>(request) : sum;
}

// True when the way is free: an entry whose tags were evicted is gone, or was already.
Result<bool> MarkedEntries::remove_evicted(std::string_view key) {
  Value stored;
  std::vector<TagMark> marks;
  const auto state = examine(key, stored, marks);
  if (!state.ok()) return state.error();
  if (state.value() == State::absent) return true;
  if (state.value() != State::evicted) return false;
  const auto removed = ask_below<bool>(CacheRequest(CacheOperation::remove, key));
  if (!removed.ok()) return removed.error();
  return true;
}

// The markers first: an entry never outlives them.
Result<bool> MarkedEntries::prolong(const CacheRequest& request) {
  Value stored;
  std::vector<TagMark> marks;
  const auto state = examine(request.key, stored, marks);
  if (!state.ok()) return state.error();
  if (state.value() == State::absent || state.value() == State::evicted) return false;
  const auto extended = markers_.extend(marks, request.time_to_live);
  return extended.ok() && extended.value() ? ask_below<bool>(request) : extended;
}

}  // namespace cachesite::layers
