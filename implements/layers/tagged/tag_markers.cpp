#include "layers/tagged/tag_markers.hpp"

#include "basics/partial_removal.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <random>
#include <string>
#include <utility>

namespace cachesite::layers {

namespace {

constexpr int most_attempts = 3;

std::vector<std::string> marker_keys(std::span<const std::string_view> tags) {
  std::vector<std::string> keys;
  keys.reserve(tags.size());
  for (const auto tag : tags)
    keys.push_back(std::string(TagMarkers::key_prefix).append(tag));
  return keys;
}

std::vector<Lookup> look_up(ICache& cache, const std::vector<std::string>& keys) {
  const std::vector<std::string_view> views(keys.begin(), keys.end());
  return cache.get_many(std::span<const std::string_view>(views));
}

std::optional<TagToken> token_of(const Lookup& lookup) {
  if (!lookup.hit() || lookup.value().size() != sizeof(TagToken)) return std::nullopt;
  TagToken token;
  std::memcpy(token.data(), lookup.value().text().data(), token.size());
  return token;
}

TagToken random_token() {
  std::random_device random;
  TagToken token;
  for (std::size_t at = 0; at < token.size(); at += 4) {
    const std::uint32_t word = random();
    std::memcpy(token.data() + at, &word, 4);
  }
  return token;
}

// Twice what is needed, so that the next writers need not lengthen it at once.
TimeToLive life_for(TimeToLive time_to_live) {
  if (!time_to_live.expires()) return time_to_live;
  return TimeToLive(std::min(TimeToLive::longest, 2 * time_to_live.milliseconds()));
}

bool is_enough(const Remaining& remaining, TimeToLive time_to_live) noexcept {
  if (remaining.state == Remaining::State::no_expiry) return true;
  return remaining.state == Remaining::State::expires && time_to_live.expires() &&
         remaining.left >= time_to_live.milliseconds();
}

}  // namespace

Result<std::vector<TagMark>> TagMarkers::prepare(std::span<const std::string_view> tags,
                                                 TimeToLive time_to_live) const {
  const auto keys = marker_keys(tags);
  const std::vector<std::string_view> views(keys.begin(), keys.end());
  const std::span<const std::string_view> all(views);
  auto lookups = below_.get_many(all);
  std::vector<Result<Remaining>> remaining(keys.size(), Result<Remaining>(Remaining{}));
  below_.time_to_live_many(all, remaining);
  std::vector<TagMark> marks(tags.size());
  for (std::size_t index = 0; index < tags.size(); ++index) {
    marks[index].tag = tags[index];
    const auto token = token_of(lookups[index]);
    if (token && remaining[index].ok() && is_enough(remaining[index].value(), time_to_live)) {
      marks[index].token = *token;
      continue;
    }
    const auto prepared = prepare_one(keys[index], std::move(lookups[index]), time_to_live);
    if (!prepared.ok()) return prepared.error();
    marks[index].token = prepared.value();
  }
  return marks;
}

Result<TagToken> TagMarkers::prepare_one(std::string_view key, Lookup lookup, TimeToLive time_to_live) const {
  for (int attempt = 1; attempt <= most_attempts; ++attempt) {
    if (attempt > 1) lookup = below_.get(key);
    if (lookup.failed()) return lookup.error();
    if (const auto token = token_of(lookup)) {
      const auto extended = extend_one(key, time_to_live);
      if (!extended.ok()) return extended.error();
      if (extended.value()) return *token;
      continue;
    }
    const auto token = random_token();
    const ByteView bytes(std::string_view(token.data(), token.size()));
    if (lookup.miss()) {
      const auto added = below_.add(key, bytes, life_for(time_to_live));
      if (!added.ok()) return added.error();
      if (added.value()) return token;
      continue;
    }
    const auto written = below_.write(key, bytes, life_for(time_to_live));  // what was there is no marker
    if (!written.ok()) return written.error();
    return token;
  }
  return random_token();  // markers do not stay here: the entry will read as a miss, which is true
}

Result<std::vector<bool>> TagMarkers::check(std::span<const TagMark> marks) const {
  std::vector<std::string_view> tags;
  tags.reserve(marks.size());
  for (const auto& mark : marks)
    tags.push_back(mark.tag);
  std::sort(tags.begin(), tags.end());
  tags.erase(std::unique(tags.begin(), tags.end()), tags.end());
  const auto lookups = look_up(below_, marker_keys(tags));
  for (const auto& lookup : lookups)
    if (lookup.failed()) return lookup.error();
  std::vector<bool> valid(marks.size());
  for (std::size_t index = 0; index < marks.size(); ++index) {
    const auto place = std::lower_bound(tags.begin(), tags.end(), marks[index].tag) - tags.begin();
    valid[index] = token_of(lookups[static_cast<std::size_t>(place)]) == marks[index].token;
  }
  return valid;
}

Result<bool> TagMarkers::extend(std::span<const TagMark> marks, TimeToLive time_to_live) const {
  for (const auto& mark : marks) {
    const auto extended = extend_one(std::string(key_prefix).append(mark.tag), time_to_live);
    if (!extended.ok() || !extended.value()) return extended;
  }
  return true;
}

Result<bool> TagMarkers::extend_one(std::string_view key, TimeToLive time_to_live) const {
  const auto remaining = below_.time_to_live(key);
  if (!remaining.ok()) return remaining.error();
  if (remaining.value().state == Remaining::State::absent) return false;
  if (is_enough(remaining.value(), time_to_live)) return true;
  return below_.expire(key, life_for(time_to_live));
}

Result<std::uint64_t> TagMarkers::remove(std::span<const std::string_view> tags) const {
  const auto keys = marker_keys(tags);
  const std::vector<std::string_view> views(keys.begin(), keys.end());
  basics::PartialRemoval removal;
  for (const auto& removed : below_.remove_many(std::span<const std::string_view>(views)))
    removal.add(removed);
  return removal.result();
}

MarkCheck::MarkCheck(std::span<Lookup> results) : results_(results) {
  for (std::size_t index = 0; index < results.size(); ++index)
    if (results[index].hit() && looks_tagged(results[index].value().text()))
      entries_.push_back({index, std::move(results[index]).value(), {}});
  for (auto& entry : entries_) {
    entry.value = decode_tagged(entry.stored.text());
    if (!entry.value) continue;
    for (const auto& mark : entry.value->marks)
      tags_.push_back(mark.tag);
  }
  std::sort(tags_.begin(), tags_.end());
  tags_.erase(std::unique(tags_.begin(), tags_.end()), tags_.end());
  keys_ = marker_keys(tags_);
  views_.assign(keys_.begin(), keys_.end());
  markers_.resize(keys_.size());
}

void MarkCheck::put_question(CacheRequest& request) noexcept {
  request.operation = CacheOperation::get_many;
  request.key = {};
  request.destination = nullptr;
  request.lives = {};
  request.keys = views_;
  request.results = std::span<Lookup>(markers_);
}

void MarkCheck::finish() {
  const auto failed =
      std::find_if(markers_.begin(), markers_.end(), [](const Lookup& marker) { return marker.failed(); });
  for (const auto& [index, stored, value] : entries_) {
    auto& result = results_[index];
    if (!value)
      result = Lookup(Error(ErrorCode::corrupt, "the stored bytes are not a value with tags"));
    else if (!value->marks.empty() && failed != markers_.end())
      result = Lookup(failed->error());
    else if (!std::all_of(value->marks.begin(), value->marks.end(),
                          [this](const TagMark& mark) { return holds(mark); }))
      result = Lookup();
    else if (value->null)
      result = Lookup(Found::null, Value());
    else
      result = Lookup(Found::hit, Value(ByteView(value->payload)));
  }
}

bool MarkCheck::holds(const TagMark& mark) const noexcept {
  const auto place = std::lower_bound(tags_.begin(), tags_.end(), mark.tag) - tags_.begin();
  return token_of(markers_[static_cast<std::size_t>(place)]) == mark.token;
}

}  // namespace cachesite::layers
