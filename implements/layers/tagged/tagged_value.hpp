#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite::layers {

using TagToken = std::array<char, 16>;

struct TagMark {
  std::string_view tag;
  TagToken token{};
};

inline constexpr std::string_view tagged_magic{"\xC1\x54\x47", 3};

// A stored value that begins with the magic; views into the stored bytes.
struct TaggedValue {
  bool null = false;
  std::vector<TagMark> marks;
  std::string_view payload;
};

[[nodiscard]] constexpr bool looks_tagged(std::string_view stored) noexcept {
  return stored.starts_with(tagged_magic);
}

void encode_tagged(std::optional<std::string_view> value, std::span<const TagMark> marks,
                   std::string& stored);

// Nothing when the bytes are not exactly what encode_tagged writes.
[[nodiscard]] std::optional<TaggedValue> decode_tagged(std::string_view stored);

}  // namespace cachesite::layers
