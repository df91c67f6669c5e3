#include "layers/tagged/tagged_cache_inner.hpp"
#include "layers/tagged/tagged_value.hpp"

#include <cachesite/key_pattern.hpp>

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
  if (is_reserved(key)) return refuse_reserved();
  const Untagged stored(value, inner_->native);
  auto written = forward_write(key, stored.value(), time_to_live);
  if (written.ok()) Inner::count(inner_->writes);
  return written;
}

void TaggedCache::do_write_many(std::span<const CacheEntry> entries, std::span<Status> results) {
  each_checked(
      entries, results, [this](const CacheEntry& entry) { return reserved(entry.key); },
      [this](auto accepted, auto answers) { write_untagged(accepted, answers); });
}

void TaggedCache::write_untagged(std::span<const CacheEntry> entries, std::span<Status> results) {
  std::vector<CacheEntry> stored(entries.begin(), entries.end());
  std::deque<Untagged> values;
  for (auto& entry : stored)
    entry.value = values.emplace_back(entry.value, inner_->native).value();
  forward_write_many(stored, results);
  for (const auto& result : results)
    if (result.ok()) Inner::count(inner_->writes);
}

Result<bool> TaggedCache::do_add(std::string_view key, std::optional<ByteView> value,
                                 TimeToLive time_to_live) {
  if (is_reserved(key)) return refuse_reserved();
  const Untagged stored(value, inner_->native);
  auto added = forward_add(key, stored.value(), time_to_live);
  if (added.ok() && !added.value() && inner_->native) {
    const std::lock_guard turn(inner_->turn_for(key));
    const auto removed = remove_evicted(key);
    if (!removed.ok()) return removed.error();
    if (removed.value()) added = forward_add(key, stored.value(), time_to_live);
  }
  if (added.ok() && added.value()) Inner::count(inner_->writes);
  return added;
}

Result<bool> TaggedCache::do_replace(std::string_view key, std::optional<ByteView> value,
                                     TimeToLive time_to_live) {
  if (is_reserved(key)) return refuse_reserved();
  if (inner_->native) {
    Value present;
    std::vector<TagMark> marks;
    const auto state = examine(key, present, marks);
    if (!state.ok()) return state.error();
    if (state.value() == State::absent || state.value() == State::evicted) return false;
  }
  const Untagged stored(value, inner_->native);
  auto replaced = forward_replace(key, stored.value(), time_to_live);
  if (replaced.ok() && replaced.value()) Inner::count(inner_->writes);
  return replaced;
}

Result<std::int64_t> TaggedCache::do_increment(std::string_view key, std::int64_t by,
                                               TimeToLive time_to_live) {
  if (is_reserved(key)) return refuse_reserved();
  auto sum = forward_increment(key, by, time_to_live);
  if (!sum.ok() && sum.error().code() == ErrorCode::refused && inner_->native) {
    const std::lock_guard turn(inner_->turn_for(key));
    const auto removed = remove_evicted(key);
    if (removed.ok() && removed.value()) sum = forward_increment(key, by, time_to_live);
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
  const auto removed = forward_remove(key);
  if (!removed.ok()) return removed.error();
  return true;
}

Result<bool> TaggedCache::do_remove(std::string_view key) {
  if (is_reserved(key)) return refuse_reserved();
  auto removed = forward_remove(key);
  if (removed.ok() && removed.value()) Inner::count(inner_->removals);
  return removed;
}

void TaggedCache::do_remove_many(std::span<const std::string_view> keys, std::span<Result<bool>> results) {
  each_checked(
      keys, results, [this](std::string_view key) { return reserved(key); },
      [this](auto accepted, auto answers) {
        forward_remove_many(accepted, answers);
        for (const auto& answer : answers)
          if (answer.ok() && answer.value()) Inner::count(inner_->removals);
      });
}

Result<bool> TaggedCache::do_expire(std::string_view key, TimeToLive time_to_live) {
  if (is_reserved(key)) return refuse_reserved();
  const auto usable = prepare_longer_life(key, time_to_live);
  if (!usable.ok() || !usable.value()) return usable;
  return forward_expire(key, time_to_live);
}

Result<bool> TaggedCache::do_persist(std::string_view key) {
  if (is_reserved(key)) return refuse_reserved();
  const auto usable = prepare_longer_life(key, TimeToLive::never_expires());
  if (!usable.ok() || !usable.value()) return usable;
  return forward_persist(key);
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

Status TaggedCache::do_scan(std::string_view pattern, ScanPosition& position,
                            std::vector<std::string>& keys) {
  const auto before = keys.size();
  auto scanned = forward_scan(pattern, position, keys);
  keys.erase(std::remove_if(keys.begin() + static_cast<std::ptrdiff_t>(before), keys.end(),
                            [this](const std::string& key) { return is_reserved(key); }),
             keys.end());
  return scanned;
}

Result<std::uint64_t> TaggedCache::do_remove_matching(std::string_view pattern) {
  if (may_match(pattern, inner_->reserved)) return ICache::do_remove_matching(pattern);
  auto removed = forward_remove_matching(pattern);
  if (removed.ok()) Inner::count(inner_->removals, removed.value());
  return removed;
}

Result<std::uint64_t> TaggedCache::do_size() {
  const auto all = forward_size();
  if (!all.ok()) return all;
  std::unordered_set<std::string> markers;
  ScanPosition position;
  std::vector<std::string> batch;
  const auto pattern = escape_key_pattern(inner_->reserved) + "*";
  while (!position.finished) {
    batch.clear();
    if (const auto scanned = forward_scan(pattern, position, batch); !scanned.ok()) return scanned.error();
    markers.insert(std::make_move_iterator(batch.begin()), std::make_move_iterator(batch.end()));
  }
  return all.value() - std::min<std::uint64_t>(all.value(), markers.size());
}

}  // namespace cachesite
