#pragma once

#include "layers/tagged/tagged_value.hpp"

#include <cachesite/cache.hpp>
#include <cachesite/result.hpp>

#include <cstdint>
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

  // The keys of the markers of these marks, and whether what is found there is the mark.
  [[nodiscard]] static std::vector<std::string> keys_of(std::span<const TagMark> marks);
  [[nodiscard]] static bool holds(const Lookup& marker, const TagMark& mark);

  // Lets the markers live at least this long. False when one is gone.
  Result<bool> extend(std::span<const TagMark> marks, TimeToLive time_to_live) const;

  // How many there were.
  Result<std::uint64_t> remove(std::span<const std::string_view> tags) const;

 private:
  Result<TagToken> prepare_one(std::string_view key, Lookup lookup, TimeToLive time_to_live) const;
  Result<bool> extend_one(std::string_view key, TimeToLive time_to_live) const;

  ICache& below_;
};

}  // namespace cachesite::layers
