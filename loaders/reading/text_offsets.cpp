#include "reading/text_offsets.hpp"

#include <algorithm>

namespace cachesite::reading {
namespace {

constexpr std::uint32_t characters_between = 64;

bool begins_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
}

}  // namespace

TextOffsets::TextOffsets(std::string_view text) : text_(text) {
  Position place{1, 1};
  for (std::size_t offset = 0; offset < text.size(); ++offset) {
    if (!begins_character(text[offset])) continue;
    if (place.column % characters_between == 1) known_.push_back({place, offset});
    if (text[offset] == '\n')
      place = {place.line + 1, 1};
    else
      ++place.column;
  }
}

std::size_t TextOffsets::offset(Position position) const {
  const auto after =
      std::upper_bound(known_.begin(), known_.end(), position,
                       [](Position wanted, const Known& known) { return wanted < known.position; });
  if (after == known_.begin()) return 0;
  Known near = *(after - 1);
  if (near.position.line != position.line) return text_.size();
  while (near.position.column < position.column && near.offset < text_.size()) {
    do
      ++near.offset;
    while (near.offset < text_.size() && !begins_character(text_[near.offset]));
    ++near.position.column;
  }
  return near.offset;
}

}  // namespace cachesite::reading
