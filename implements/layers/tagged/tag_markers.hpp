#pragma once

#include "layers/tagged/tagged_value.hpp"

#include <cachesite/cache.hpp>
#include <cachesite/result.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite::layers {

// The markers of tags in the cache below. Tags are distinct and have been checked.
class TagMarkers {
 public:
  static constexpr std::string_view key_prefix = "__tag_marker__:";

  explicit TagMarkers(ICache& below) noexcept : below_(below) {}

  // The marks for a value that is about to be written: markers that are missing are made, and all of them
  // live at least as long as the value.
  Result<std::vector<TagMark>> prepare(std::span<const std::string_view> tags, TimeToLive time_to_live) const;

  // What the markers hold now: for each tag whether `marks` has its present token.
  Result<std::vector<bool>> check(std::span<const TagMark> marks) const;

  // Lets the markers live at least this long. False when one is gone.
  Result<bool> extend(std::span<const TagMark> marks, TimeToLive time_to_live) const;

  // How many there were.
  Result<std::uint64_t> remove(std::span<const std::string_view> tags) const;

 private:
  Result<TagToken> prepare_one(std::string_view key, Lookup lookup, TimeToLive time_to_live) const;
  Result<bool> extend_one(std::string_view key, TimeToLive time_to_live) const;

  ICache& below_;
};

// Values that were read: each becomes its payload, or a miss when a tag was evicted, once the markers are known.
class MarkCheck {
 public:
  // Throws std::bad_alloc.
  explicit MarkCheck(std::span<Lookup> results);
  MarkCheck(const MarkCheck&) = delete;
  MarkCheck& operator=(const MarkCheck&) = delete;
  ~MarkCheck() = default;

  [[nodiscard]] bool asks() const noexcept { return !markers_.empty(); }
  // Makes a request the question for all markers.
  void put_question(CacheRequest& request) noexcept;
  // After the answer, or when it asks nothing.
  void finish();

 private:
  struct Entry {
    std::size_t index;
    Value stored;
    std::optional<TaggedValue> value;  // views of `stored`; empty when that is damaged
  };
  [[nodiscard]] bool holds(const TagMark& mark) const noexcept;

  const std::span<Lookup> results_;
  std::vector<Entry> entries_;
  std::vector<std::string_view> tags_;  // sorted
  std::vector<std::string> keys_;
  std::vector<std::string_view> views_;
  std::vector<Lookup> markers_;
};

}  // namespace cachesite::layers
