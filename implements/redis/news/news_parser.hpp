#pragma once

#include "redis/news/news_frame.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace cachesite::redis {

struct NewsLimits {
  std::size_t largest_bulk = std::size_t{128} * 1024;  // a prefix and a key
  std::size_t longest_line = 4096;
  std::size_t most_elements = std::size_t{1} << 20;  // in one frame, over all its levels
  std::size_t largest_frame = std::size_t{64} * 1024 * 1024;
  std::uint32_t deepest = 7;  // levels of aggregates
};

/// Reads what a server sends in RESP2 or RESP3 (https://github.com/redis/redis-specifications), from bytes that
/// come in pieces of any size. What is malformed, streamed, an attribute, or beyond the limits is refused before
/// memory is taken for it: memory grows with what has come, never with what is announced.
///
///     reading  bytes come               a frame is complete -> reading, from its end; else malformed or too
///                                       large -> refused
///     refused  nothing is read          final
class NewsParser {
 public:
  enum class Verdict : std::uint8_t { more, frame, refused };

  explicit NewsParser(NewsLimits limits = {}) noexcept;

  /// Where further bytes go. Ends the validity of the last frame. Throws std::bad_alloc.
  [[nodiscard]] std::span<char> room();
  void received(std::size_t count) noexcept { end_ += count; }

  /// Looks for the next frame in what has come. Throws std::bad_alloc; then it may only be destroyed.
  Verdict next();
  /// After Verdict::frame, until the next call of `next` or `room`.
  [[nodiscard]] NewsFrame frame() const noexcept { return {bytes_.get() + begin_, elements_}; }

  /// After Verdict::refused.
  [[nodiscard]] std::string_view problem() const noexcept { return problem_; }

 private:
  enum class Taken : std::uint8_t { more, leaf, level, refused };

  void begin_frame() noexcept;
  Taken take_element();
  Taken take_line(std::string_view line);
  Taken take_bulk(std::string_view line);
  Taken take_aggregate(std::string_view line);
  Taken add(std::size_t text_begin, std::size_t size, bool nil = false);
  bool close_levels() noexcept;
  Taken refuse(std::string_view problem) noexcept;
  void make_room();

  NewsLimits limits_;
  std::unique_ptr<char[]> bytes_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;  // of the frame
  std::size_t scan_ = 0;   // of the next element
  std::size_t end_ = 0;    // of what has come
  std::vector<NewsElement> elements_;
  std::array<std::uint32_t, 8> remaining_{};
  std::uint32_t depth_ = 0;
  std::size_t announced_ = 0;  // elements of the frame
  bool complete_ = false;
  bool refused_ = false;
  std::string_view problem_;
};

}  // namespace cachesite::redis
