#pragma once

#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace cachesite {

/// A number of bytes, written in files as `64MiB`, `1.5GiB`, `10kB` or a bare number.
struct ByteSize {
  std::uint64_t bytes = 0;

  friend constexpr auto operator<=>(ByteSize, ByteSize) = default;
};

/// A read-only view of bytes that it does not own.
using Bytes = std::span<const std::byte>;

/// The parameter type of every call that takes bytes: a view that text and byte containers convert to
/// implicitly. It owns nothing and must not outlive its source.
///
/// Converts from `const char*`, `std::string`, `std::string_view`, and from anything that converts to
/// `std::span<const std::byte>` (`std::vector<std::byte>`, `std::array<std::byte, N>`, `Value::bytes()`).
class ByteView {
 public:
  constexpr ByteView() noexcept = default;
  constexpr ByteView(std::string_view text) noexcept : data_(text.data()), size_(text.size()) {}
  constexpr ByteView(const char* text) noexcept : ByteView(std::string_view(text)) {}
  ByteView(const std::string& text) noexcept : ByteView(std::string_view(text)) {}
  template <class Container>
  requires(!std::same_as<Container, std::string> && !std::same_as<Container, std::string_view> &&
           std::convertible_to<const Container&, Bytes>) ByteView(const Container& container)
  noexcept {
    const Bytes bytes = container;
    data_ = reinterpret_cast<const char*>(bytes.data());
    size_ = bytes.size();
  }

  [[nodiscard]] constexpr const char* data() const noexcept { return data_; }
  /// Number of bytes.
  [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }
  [[nodiscard]] constexpr bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] constexpr std::string_view text() const noexcept { return {data_, size_}; }
  [[nodiscard]] Bytes bytes() const noexcept { return {reinterpret_cast<const std::byte*>(data_), size_}; }

 private:
  const char* data_ = "";
  std::size_t size_ = 0;
};

}  // namespace cachesite
