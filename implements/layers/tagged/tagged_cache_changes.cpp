#include "layers/tagged/tagged_cache_inner.hpp"
#include "layers/tagged/tagged_value.hpp"

#include <cachesite/cache_base.hpp>
#include <cachesite/key_range.hpp>

#include <algorithm>
#include <deque>
#include <iterator>
#include <unordered_set>
#include <utility>

namespace cachesite {

using layers::TagMark;

namespace {

// False for a pattern none of whose matches begins with `prefix`.
bool may_match(std::string_view pattern, std::string_view prefix) {
  const auto literal = pattern.substr(0, pattern.find_first_of("*?[\\"));
  const auto common = std::min(literal.size(), prefix.size());
  return literal.substr(0, common) == prefix.substr(0, common) &&
         (literal.size() >= prefix.size() || literal.size() < pattern.size());
}

// What is stored for a value without tags: the value itself, unless it looks like one with tags.
class Untagged {
 public:
  Untagged(std::optional<ByteView> value, bool escape) : value_(value) {
    if (!escape || !value || !layers::looks_tagged(value->text())) return;
    layers::encode_tagged(value->text(), {}, escaped_);
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

// --- writing

Status TaggedCache::do_write(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live) {
  if (is_reserved(key)) return refuse(Inner::reserved_key());
  const Untagged stored(value, inner_->native);
  auto written = forward_write(key, stored.value(), time_to_live);
  if (written.ok()) Inner::count(inner_->writes);
  return written;
}

void TaggedCache::write_untagged(CacheRequest batch) {
  std::vector<CacheEntry> stored(batch.entries.begin(), batch.entries.end());
  std::deque<Untagged> values;
  for (auto& entry : stored)
    entry.value = values.emplace_back(entry.value, inner_->native).value();
  batch.entries = stored;
  forward(batch);
}

Result<bool> TaggedCache::add_entry(const CacheRequest& request) {
  const Untagged value(request.value, inner_->native);
  CacheRequest stored = request;
  stored.value = value.value();
  auto added = ask_below<bool>(stored);
  if (added.ok() && !added.value() && inner_->native) {
    const std::lock_guard turn(inner_->turn_for(request.key));
    const auto removed = remove_evicted(request.key);
    if (!removed.ok()) return removed.error();
    if (removed.value()) added = ask_below<bool>(stored);
  }
  if (added.ok() && added.value()) Inner::count(inner_->writes);
  return added;
}

Result<bool> TaggedCache::replace_entry(const CacheRequest& request) {
  if (inner_->native) {
    const auto there = is_there(request.key);
    if (!there.ok() || !there.value()) return there;
  }
  const Untagged value(request.value, inner_->native);
  CacheRequest stored = request;
  stored.value = value.value();
  auto replaced = ask_below<bool>(stored);
  if (replaced.ok() && replaced.value()) Inner::count(inner_->writes);
  return replaced;
}

Result<std::int64_t> TaggedCache::add_to_counter(const CacheRequest& request) {
  auto sum = ask_below<std::int64_t>(request);
  if (!sum.ok() && sum.error().code() == ErrorCode::refused && inner_->native) {
    const std::lock_guard turn(inner_->turn_for(request.key));
    const auto removed = remove_evicted(request.key);
    if (removed.ok() && removed.value()) sum = ask_below<std::int64_t>(request);
  }
  if (sum.ok()) Inner::count(inner_->writes);
  return sum;
}

// True when the way is free: an entry whose tags were evicted is gone, or was already.
Result<bool> TaggedCache::remove_evicted(std::string_view key) {
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

Result<bool> TaggedCache::lengthen(const CacheRequest& request) {
  const auto usable = prepare_longer_life(request.key, request.time_to_live);
  if (!usable.ok() || !usable.value()) return usable;
  return ask_below<bool>(request);
}

// The markers first: an entry never outlives them.
Result<bool> TaggedCache::prepare_longer_life(std::string_view key, TimeToLive time_to_live) {
  if (!inner_->native) return true;
  Value stored;
  std::vector<TagMark> marks;
  const auto state = examine(key, stored, marks);
  if (!state.ok()) return state.error();
  if (state.value() == State::absent || state.value() == State::evicted) return false;
  return inner_->markers.extend(marks, time_to_live);
}

// --- all keys

void TaggedCache::scan_own(CacheRequest& request) {
  auto& keys = *request.found;
  const auto before = static_cast<std::ptrdiff_t>(keys.size());
  forward(request);
  keys.erase(std::remove_if(keys.begin() + before, keys.end(),
                            [this](const std::string& key) { return is_reserved(key); }),
             keys.end());
}

Result<std::uint64_t> TaggedCache::remove_own(const CacheRequest& request) {
  if (may_match(request.key, inner_->reserved)) return remove_by_scan(*this, request.key);
  auto removed = ask_below<std::uint64_t>(request);
  if (removed.ok()) Inner::count(inner_->removals, removed.value());
  return removed;
}

Result<std::uint64_t> TaggedCache::count_own() {
  const auto all = ask_below<std::uint64_t>(CacheRequest(CacheOperation::size));
  if (!all.ok()) return all;
  std::unordered_set<std::string> markers;
  ScanPosition position;
  std::vector<std::string> batch;
  const auto pattern = escape_key_pattern(inner_->reserved) + "*";
  CacheRequest step(CacheOperation::scan, pattern);
  step.position = &position;
  step.found = &batch;
  while (!position.finished) {
    batch.clear();
    if (const auto scanned = ask_below<Done>(step); !scanned.ok()) return scanned.error();
    markers.insert(std::make_move_iterator(batch.begin()), std::make_move_iterator(batch.end()));
  }
  return all.value() - std::min<std::uint64_t>(all.value(), markers.size());
}

}  // namespace cachesite
