#include "layers/spakky_tags.hpp"
#include "layers/tag_markers.hpp"
#include "layers/tagged_value.hpp"

#include <cachesite/key_pattern.hpp>
#include <cachesite/tagged_cache_layer.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <iterator>
#include <mutex>
#include <stdexcept>
#include <unordered_set>
#include <utility>

namespace cachesite {

using layers::SpakkyTags;
using layers::TaggedValue;
using layers::TagMark;
using layers::TagMarkers;

namespace {

TaggedCacheOptions checked(TaggedCacheOptions options) {
  if (!options.over.component()) throw std::invalid_argument("a TaggedCache needs a cache: over is not set");
  if (const auto complaints = options.complaints(); !complaints.empty())
    throw std::invalid_argument(complaints.front().parameter + ": " + complaints.front().message);
  return options;
}

std::vector<std::string_view> distinct(std::span<const std::string_view> tags) {
  std::vector<std::string_view> sorted(tags.begin(), tags.end());
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  return sorted;
}

Error damaged() {
  return Error(ErrorCode::corrupt, "the stored bytes are no value with tags");
}

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

class TaggedCache::Inner {
 public:
  Inner(const TaggedCacheOptions& options, ICache& below)
      : native(options.form == TagForm::markers),
        reserved(native ? TagMarkers::key_prefix : SpakkyTags::key_prefix),
        markers(below) {
    if (!native) sets = std::make_unique<SpakkyTags>(options.connection.component(), options.prefix);
  }

  using Counter = std::atomic<std::uint64_t>;
  static void count(Counter& counter, std::uint64_t by = 1) noexcept {
    counter.fetch_add(by, std::memory_order_relaxed);
  }

  Result<Found> count_read(Found found) noexcept {
    count(found == Found::miss ? misses : hits);
    return found;
  }

  // Those who make room in place of an evicted entry take turns, so that of several only one finds it.
  std::mutex& turn_for(std::string_view key) noexcept {
    return turns_[std::hash<std::string_view>()(key) % turns_.size()];
  }

  const bool native;
  const std::string_view reserved;
  const TagMarkers markers;
  std::unique_ptr<SpakkyTags> sets;
  Counter hits{0}, misses{0}, writes{0}, removals{0}, tag_evictions{0};

 private:
  std::array<std::mutex, 64> turns_;
};

TaggedCache::TaggedCache(TaggedCacheOptions options, const ComponentContext&)
    : CacheLayer(checked(options).over.component()), inner_(std::make_unique<Inner>(options, *below())) {}

TaggedCache::~TaggedCache() = default;

CacheStatistics TaggedCache::statistics() const {
  auto statistics = CacheLayer::statistics();
  const auto read = [](const Inner::Counter& counter) { return counter.load(std::memory_order_relaxed); };
  statistics.hits = read(inner_->hits);
  statistics.misses = read(inner_->misses);
  statistics.writes = read(inner_->writes);
  statistics.removals = read(inner_->removals);
  statistics.tag_evictions = read(inner_->tag_evictions);
  return statistics;
}

bool TaggedCache::is_reserved(std::string_view key) const noexcept {
  return key.starts_with(inner_->reserved);
}

Error TaggedCache::refuse_reserved() noexcept {
  on_refused();
  return Error(ErrorCode::bad_argument, "keys of this beginning belong to the tags of the cache");
}

// --- tags

Status TaggedCache::do_write_tagged(std::string_view key, std::optional<ByteView> value,
                                    TimeToLive time_to_live, std::span<const std::string_view> tags) {
  auto refused = check_entry(key, value, time_to_live);
  if (!refused) refused = check_entry_tags(tags);
  if (refused) {
    on_refused();
    return *refused;
  }
  if (tags.empty()) return do_write(key, value, time_to_live);
  if (is_reserved(key)) return refuse_reserved();
  if (stopped()) return closed();
  const auto names = distinct(tags);

  if (!inner_->native) {
    auto written = inner_->sets->write(key, value, time_to_live, names);
    if (written.ok()) Inner::count(inner_->writes);
    return written;
  }
  const auto marks = inner_->markers.prepare(names, time_to_live);
  if (!marks.ok()) return marks.error();
  std::string stored;
  layers::encode_tagged(value ? std::optional(value->text()) : std::nullopt, marks.value(), stored);
  auto written = below()->write(key, ByteView(stored), time_to_live);
  if (written.ok()) Inner::count(inner_->writes);
  return written;
}

Result<std::uint64_t> TaggedCache::do_evict_tags(std::span<const std::string_view> tags) {
  if (const auto refused = check_tags(tags)) {
    on_refused();
    return *refused;
  }
  if (tags.empty()) return std::uint64_t{0};
  if (stopped()) return closed();
  const auto names = distinct(tags);
  const auto evicted = inner_->native ? inner_->markers.remove(names) : inner_->sets->evict(names);
  if (evicted.ok()) Inner::count(inner_->tag_evictions);
  return evicted;
}

// --- reading

Result<Found> TaggedCache::do_read(std::string_view key, Value& destination) {
  if (is_reserved(key)) return refuse_reserved();
  const auto found = forward_read(key, destination);
  if (!found.ok()) return found;
  if (found.value() != Found::hit || !inner_->native || !layers::looks_tagged(destination.text()))
    return inner_->count_read(found.value());
  const Value stored = std::move(destination);
  destination = Value();
  const auto tagged = layers::decode_tagged(stored.text());
  if (!tagged) return damaged();
  if (!tagged->marks.empty()) {
    const auto valid = inner_->markers.check(tagged->marks);
    if (!valid.ok()) return valid.error();
    if (std::count(valid.value().begin(), valid.value().end(), false) > 0)
      return inner_->count_read(Found::miss);
  }
  if (tagged->null) return inner_->count_read(Found::null);
  destination.assign(ByteView(tagged->payload));
  return inner_->count_read(Found::hit);
}

void TaggedCache::do_read_many(std::span<const std::string_view> keys, std::span<Lookup> results) {
  if (std::any_of(keys.begin(), keys.end(), [this](std::string_view key) { return is_reserved(key); })) {
    for (std::size_t index = 0; index < keys.size(); ++index)
      results[index] = get(keys[index]);
    return;
  }
  forward_read_many(keys, results);

  struct Entry {
    std::size_t index;
    Value stored;
    std::optional<TaggedValue> value;
  };
  std::vector<Entry> entries;
  if (inner_->native)
    for (std::size_t index = 0; index < results.size(); ++index)
      if (results[index].hit() && layers::looks_tagged(results[index].value().text()))
        entries.push_back({index, std::move(results[index]).value(), {}});

  // One question for the markers of all of them.
  std::vector<TagMark> marks;
  for (auto& entry : entries) {
    entry.value = layers::decode_tagged(entry.stored.text());
    if (entry.value) marks.insert(marks.end(), entry.value->marks.begin(), entry.value->marks.end());
  }
  const auto valid =
      marks.empty() ? Result<std::vector<bool>>(std::vector<bool>()) : inner_->markers.check(marks);
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
  for (const auto& result : results)
    if (!result.failed()) (void)inner_->count_read(result.miss() ? Found::miss : Found::hit);
}

Result<TaggedCache::State> TaggedCache::examine(std::string_view key, Value& stored,
                                                std::vector<TagMark>& marks) {
  const auto found = forward_read(key, stored);
  if (!found.ok()) return found.error();
  if (found.value() == Found::miss) return State::absent;
  if (found.value() != Found::hit || !inner_->native || !layers::looks_tagged(stored.text()))
    return State::untagged;
  auto tagged = layers::decode_tagged(stored.text());
  if (!tagged) return damaged();
  if (tagged->marks.empty()) return State::untagged;
  marks = std::move(tagged->marks);
  const auto valid = inner_->markers.check(marks);
  if (!valid.ok()) return valid.error();
  return std::count(valid.value().begin(), valid.value().end(), false) == 0 ? State::tagged : State::evicted;
}

Result<bool> TaggedCache::do_contains(std::string_view key) {
  if (is_reserved(key)) return refuse_reserved();
  if (!inner_->native) return forward_contains(key);
  Value stored;
  std::vector<TagMark> marks;
  const auto state = examine(key, stored, marks);
  if (!state.ok()) return state.error();
  return state.value() == State::untagged || state.value() == State::tagged;
}

Result<Remaining> TaggedCache::do_time_to_live(std::string_view key) {
  if (is_reserved(key)) return refuse_reserved();
  auto remaining = forward_time_to_live(key);
  if (!inner_->native || !remaining.ok() || remaining.value().state == Remaining::State::absent)
    return remaining;
  const auto there = do_contains(key);
  if (!there.ok()) return there.error();
  return there.value() ? remaining.value() : Remaining{};
}

// --- writing

Status TaggedCache::do_write(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live) {
  if (is_reserved(key)) return refuse_reserved();
  const Untagged stored(value, inner_->native);
  auto written = forward_write(key, stored.value(), time_to_live);
  if (written.ok()) Inner::count(inner_->writes);
  return written;
}

void TaggedCache::do_write_many(std::span<const CacheEntry> entries, std::span<Status> results) {
  const bool plain = std::none_of(entries.begin(), entries.end(), [this](const CacheEntry& entry) {
    return is_reserved(entry.key) || (entry.value && layers::looks_tagged(entry.value->text()));
  });
  if (!plain) {
    for (std::size_t index = 0; index < entries.size(); ++index)
      results[index] = do_write(entries[index].key, entries[index].value, entries[index].time_to_live);
    return;
  }
  forward_write_many(entries, results);
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
  if (std::any_of(keys.begin(), keys.end(), [this](std::string_view key) { return is_reserved(key); })) {
    for (std::size_t index = 0; index < keys.size(); ++index)
      results[index] = do_remove(keys[index]);
    return;
  }
  forward_remove_many(keys, results);
  for (const auto& result : results)
    if (result.ok() && result.value()) Inner::count(inner_->removals);
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
