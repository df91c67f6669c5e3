#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace cachesite::redis {

/// One element of what a server sent, in the order of its bytes: what an aggregate holds follows it.
struct NewsElement {
  char type = 0;  // the first byte of its line: one of + - : $ * _ # , ( = ! % ~ >
  bool nil = false;
  std::uint32_t begin = 0;  // of its text, in the frame
  std::uint32_t size = 0;   // bytes of its text, or elements right below it; a pair of a map counts two

  [[nodiscard]] bool is_aggregate() const noexcept {
    return type == '*' || type == '%' || type == '~' || type == '>';
  }
};

/// One reply or push with all its levels. A view: valid as long as its parser says.
class NewsFrame {
 public:
  NewsFrame(const char* bytes, std::span<const NewsElement> elements) noexcept
      : bytes_(bytes), elements_(elements) {}

  [[nodiscard]] std::span<const NewsElement> elements() const noexcept { return elements_; }
  [[nodiscard]] std::size_t size() const noexcept { return elements_.size(); }
  [[nodiscard]] const NewsElement& operator[](std::size_t index) const noexcept { return elements_[index]; }
  [[nodiscard]] const NewsElement& front() const noexcept { return elements_.front(); }
  /// The text of an element that is no aggregate; empty for others.
  [[nodiscard]] std::string_view text(std::size_t index) const noexcept {
    const auto& element = elements_[index];
    return element.is_aggregate() ? std::string_view()
                                  : std::string_view(bytes_ + element.begin, element.size);
  }

 private:
  const char* bytes_;
  std::span<const NewsElement> elements_;
};

}  // namespace cachesite::redis
