#pragma once

#include <cachesite/document.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace cachesite::reading {

/// What some editors begin a file with; it is no part of the text.
inline constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// The text of a file without its byte order mark, and where its bytes are in lines and columns. Asking for
/// places in rising order costs one pass over the text in all.
class SourceText {
 public:
  explicit SourceText(std::shared_ptr<const std::string> text) : text_(std::move(text)) {}

  [[nodiscard]] std::string_view view() const noexcept { return *text_; }
  [[nodiscard]] const std::shared_ptr<const std::string>& shared() const noexcept { return text_; }
  [[nodiscard]] Position position(std::size_t offset) const;
  /// Characters from `start` to `end`; 0 when they are in different lines.
  [[nodiscard]] std::uint32_t characters(std::size_t start, std::size_t end) const;

 private:
  std::shared_ptr<const std::string> text_;
  mutable std::size_t known_offset_ = 0;
  mutable Position known_{1, 1};
};

/// What keeps a text from being read at all.
struct TextFault {
  std::size_t offset = 0;
  std::string message;  // empty: nothing is wrong
  std::string hint;
};

/// Looks for bytes that are not UTF-8, control characters other than tab and line ends, carriage returns
/// without a line feed, and byte order marks.
[[nodiscard]] TextFault find_text_fault(std::string_view text);

}  // namespace cachesite::reading
