#pragma once

#include <cachesite/value.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace cachesite::redis {

/// One bit each, so that a set of kinds is a number.
enum class ReplyKind : std::uint8_t {
  none = 0,
  nil = 1,
  integer = 2,
  status = 4,
  error = 8,
  bulk = 16,
  array = 32,
};

using ReplyKinds = std::uint8_t;

constexpr ReplyKinds operator|(ReplyKind left, ReplyKind right) noexcept {
  return static_cast<ReplyKinds>(static_cast<ReplyKinds>(left) | static_cast<ReplyKinds>(right));
}
constexpr bool contains(ReplyKinds kinds, ReplyKind kind) noexcept {
  return (kinds & static_cast<ReplyKinds>(kind)) != 0;
}

struct Reply {
  ReplyKind kind = ReplyKind::none;
  std::int64_t integer = 0;
  Value value;  // of a bulk, a status or an error
  std::vector<Reply> elements;

  [[nodiscard]] std::string_view text() const noexcept { return value.text(); }
  /// For another use: lets go of memory beyond so many bytes.
  void shed(std::size_t most_kept) noexcept {
    if (value.size() > most_kept) value.clear();
    if (elements.capacity() != 0) elements = std::vector<Reply>();
  }
};

}  // namespace cachesite::redis
