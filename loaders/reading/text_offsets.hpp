#pragma once

#include <cachesite/document.hpp>

#include <cstddef>
#include <string_view>
#include <vector>

namespace cachesite::reading {

/// Finds the byte of a place in a text, in places of any order.
class TextOffsets {
 public:
  explicit TextOffsets(std::string_view text);

  [[nodiscard]] std::size_t offset(Position position) const;

 private:
  struct Known {
    Position position;
    std::size_t offset = 0;
  };

  std::string_view text_;
  std::vector<Known> known_;  // one in so many characters, and one at the start of each line
};

}  // namespace cachesite::reading
