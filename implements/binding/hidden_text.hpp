#pragma once

#include <cachesite/document.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite::binding {

// Something in a document that may not be shown: a secret, or what may be one.
struct HiddenPlace {
  Position position;
  std::string_view text;
};

// The lines and the texts of a document that messages may not show. By itself it hides nothing.
class HiddenText {
 public:
  HiddenText() = default;
  HiddenText(const Document& document, const std::vector<HiddenPlace>& places);

  // Whether the line has a part of something hidden, or the same characters as something hidden elsewhere.
  [[nodiscard]] bool has_line(std::uint32_t number) const;
  // Whether the text holds something hidden.
  [[nodiscard]] bool is_in(std::string_view text) const noexcept;

 private:
  [[nodiscard]] std::uint32_t last_line(Position first, const std::vector<Position>& positions) const;
  [[nodiscard]] std::string_view line(std::uint32_t number) const;

  std::shared_ptr<const std::string> source_;
  std::vector<std::size_t> starts_;                             // of the lines
  std::vector<std::pair<std::uint32_t, std::uint32_t>> lines_;  // first and last
  std::vector<std::string> texts_;
};

}  // namespace cachesite::binding
