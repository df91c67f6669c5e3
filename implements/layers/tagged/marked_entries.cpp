#include "layers/tagged/marked_entries.hpp"

#include "layers/tagged/tagged_value.hpp"

#include <cachesite/async_request.hpp>

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

// What is stored for a value without tags: the value itself, unless it looks like one with tags.
class Untagged {
 public:
  explicit Untagged(std::optional<ByteView> value) : value_(value) {
    if (!value || !looks_tagged(value->text())) return;
    encode_tagged(value->text(), {}, escaped_);
    value_ = ByteView(escaped_);
  }
  Untagged(const Untagged&) = delete;
  Untagged& operator=(const Untagged&) = delete;
  ~Untagged() = default;

  [[nodiscard]] std::optional<ByteView> value() const noexcept { return value_; }

 private:
  std::string escaped_;
  std::optional<ByteView> value_;
};

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

// An entry whose tags were evicted has no life left.
void MarkedEntries::drop_evicted(std::span<const std::string_view> keys,
                                 std::span<Result<Remaining>> results) {
  std::vector<std::size_t> places;
  std::vector<std::string_view> present;
  for (std::size_t index = 0; index < keys.size(); ++index) {
    if (!results[index].ok() || results[index].value().state == Remaining::State::absent) continue;
    places.push_back(index);
    present.push_back(keys[index]);
  }
  if (present.empty()) return;
  std::vector<Lookup> found(present.size());
  read_all(present, found);
  for (std::size_t index = 0; index < places.size(); ++index) {
    if (found[index].failed())
      results[places[index]] = found[index].error();
    else if (found[index].miss())
      results[places[index]] = Remaining{};
  }
}

void MarkedEntries::read_all(std::span<const std::string_view> keys, std::span<Lookup> results) {
  ask_below(CacheOperation::get_many, keys, results);
  check_all(results);
}

// What was read, as `payload_of` does with each.
void MarkedEntries::check_all(std::span<Lookup> results) {
  struct Entry {
    std::size_t index;
    Value stored;
    std::optional<TaggedValue> value;
  };
  std::vector<Entry> entries;
  for (std::size_t index = 0; index < results.size(); ++index)
    if (results[index].hit() && looks_tagged(results[index].value().text()))
      entries.push_back({index, std::move(results[index]).value(), {}});

  // One question for the markers of all of them.
  std::vector<TagMark> marks;
  for (auto& entry : entries) {
    entry.value = decode_tagged(entry.stored.text());
    if (entry.value) marks.insert(marks.end(), entry.value->marks.begin(), entry.value->marks.end());
  }
  const auto valid = marks.empty() ? Result<std::vector<bool>>(std::vector<bool>()) : markers_.check(marks);
  std::size_t mark = 0;
  for (const auto& [index, stored, value] : entries) {
    auto& result = results[index];
    if (!value) {
      result = Lookup(damaged());
      continue;
    }
    const auto count = value->marks.size();
    if (count > 0 && !valid.ok()) {
      result = Lookup(valid.error());
      continue;
    }
    bool present = true;
    for (std::size_t at = mark; at < mark + count; ++at)
      present = present && valid.value()[at];
    mark += count;
    if (!present)
      result = Lookup();
    else if (value->null)
      result = Lookup(Found::null, Value());
    else
      result = Lookup(Found::hit, Value(ByteView(value->payload)));
  }
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

// A read, and the question for the markers of what was found.
class MarkedEntries::AsyncRead final : public AsyncStep {
 public:
  explicit AsyncRead(MarkedEntries& cache) noexcept : cache_(cache) {}

  bool after(AsyncRequest& call) override {
    return destination_ == nullptr ? after_read(call) : after_question(call.request());
  }

 private:
  bool after_read(AsyncRequest& call) {
    CacheRequest& request = call.request();
    const auto* const found = request.answered<Found>();
    if (found == nullptr || *found != Found::hit || !looks_tagged(request.destination->text())) return true;
    stored_ = std::move(*request.destination);
    *request.destination = Value();
    value_ = decode_tagged(stored_.text());
    if (!value_) request.end(Result<Found>(damaged()));
    if (value_ && value_->marks.empty()) finish(request, *request.destination);
    return !value_ || value_->marks.empty() || ask(call);
  }
  bool ask(AsyncRequest& call) {
    CacheRequest& request = call.request();
    keys_ = TagMarkers::keys_of(value_->marks);
    views_.assign(keys_.begin(), keys_.end());
    markers_.resize(keys_.size());
    destination_ = std::exchange(request.destination, nullptr);
    request.operation = CacheOperation::get_many;
    request.keys = views_;
    request.results = std::span<Lookup>(markers_);
    call.repeat(*this);
    return cache_.forward_async(call);
  }
  bool after_question(CacheRequest& request) {
    request.operation = CacheOperation::read;
    request.destination = destination_;
    request.keys = {};
    request.results = {};
    for (std::size_t index = 0; index < markers_.size(); ++index) {
      if (markers_[index].failed()) return end(request, markers_[index].error());
      if (!TagMarkers::holds(markers_[index], value_->marks[index])) return end(request, Found::miss);
    }
    finish(request, *destination_);
    return true;
  }
  void finish(CacheRequest& request, Value& destination) {
    if (!value_->null) destination.assign(ByteView(value_->payload));
    request.end(Result<Found>(value_->null ? Found::null : Found::hit));
  }
  static bool end(CacheRequest& request, Result<Found> found) {
    request.end(std::move(found));
    return true;
  }

  MarkedEntries& cache_;
  Value stored_;
  std::optional<TaggedValue> value_;
  std::vector<std::string> keys_;
  std::vector<std::string_view> views_;
  std::vector<Lookup> markers_;
  Value* destination_ = nullptr;  // once the markers are asked for
};

class MarkedEntries::OwnValue final : public AsyncStep {
 public:
  explicit OwnValue(std::optional<ByteView> value) noexcept : value_(value) {}
  bool after(AsyncRequest& call) override {
    call.request().value = value_;
    return true;
  }

 private:
  const std::optional<ByteView> value_;
};

bool MarkedEntries::do_begin_async(AsyncRequest& call) {
  CacheRequest& request = call.request();
  const bool passes = request.effect() == CacheEffect::remove || request.effect() == CacheEffect::list;
  const bool reads = request.operation == CacheOperation::read && request.stale == nullptr;
  const bool writes = request.operation == CacheOperation::write;
  if (!passes && !reads && !writes) return CacheLayer::do_begin_async(call);
  if (reads) call.add_step<AsyncRead>(*this);
  if (writes) {
    call.add_step<OwnValue>(request.value);
    request.value = call.memory().make<Untagged>(request.value).value();
  }
  return forward_async(call);
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
