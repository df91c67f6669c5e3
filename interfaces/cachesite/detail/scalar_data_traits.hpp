#pragma once

#include <cachesite/data.hpp>
#include <cachesite/detail/data_conversion.hpp>
#include <cachesite/result.hpp>

#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace cachesite {

namespace detail {

/// Text of another type than std::string: converts to std::string_view and is made from a std::string.
template <class T>
concept TextLike = !std::same_as<T, std::string_view> && std::convertible_to<const T&, std::string_view> &&
                   std::constructible_from<T, std::string> && !requires {
  T::fields();
};

template <class T>
[[nodiscard]] Status number_from_text(std::string_view digits, T& value) {
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (read.ec == std::errc() && read.ptr == digits.data() + digits.size()) return Done{};
  return Error(ErrorCode::corrupt, read.ec == std::errc::result_out_of_range
                                       ? "an integer is out of the range of its type"
                                       : "expected an integer, found text");
}

}  // namespace detail

template <>
struct DataTraits<Data> {
  static Data to(const Data& value) { return value; }
  static Status from(const Data& data, Data& value) {
    value = data;
    return Done{};
  }
};

template <>
struct DataTraits<std::monostate> {
  static Data to(std::monostate) { return {}; }
  static Status from(const Data& data, std::monostate&) {
    if (!data.is_null()) return unexpected_data("null", data);
    return Done{};
  }
};

template <>
struct DataTraits<bool> {
  static Data to(bool value) { return value; }
  static Status from(const Data& data, bool& value) {
    if (data.kind() != Data::Kind::boolean) return unexpected_data("a boolean", data);
    value = data.boolean();
    return Done{};
  }
};

template <std::integral T>
requires(!std::same_as<T, bool>) struct DataTraits<T> {
  static Data to(T value) {
    if constexpr (std::is_signed_v<T>)
      return static_cast<std::int64_t>(value);
    else
      return static_cast<std::uint64_t>(value);
  }
  static Status from(const Data& data, T& value) {
    if (data.kind() == Data::Kind::big_integer) return detail::number_from_text(data.text(), value);
    if (data.kind() != Data::Kind::integer) return unexpected_data("an integer", data);
    if (std::cmp_less(data.integer(), std::numeric_limits<T>::min()) ||
        std::cmp_greater(data.integer(), std::numeric_limits<T>::max()))
      return Error(ErrorCode::corrupt, "an integer is out of the range of its type");
    value = static_cast<T>(data.integer());
    return Done{};
  }
};

// Reads a whole number too, since JSON has no other way to write 1.0 as 1.
template <std::floating_point T>
struct DataTraits<T> {
  static Data to(T value) { return static_cast<double>(value); }
  static Status from(const Data& data, T& value) {
    if (data.kind() == Data::Kind::real)
      value = static_cast<T>(data.real());
    else if (data.kind() == Data::Kind::integer)
      value = static_cast<T>(data.integer());
    else
      return unexpected_data("a number", data);
    return Done{};
  }
};

template <detail::TextLike T>
struct DataTraits<T> {
  static Data to(const T& value) { return std::string_view(value); }
  static Status from(const Data& data, T& value) {
    if (data.kind() != Data::Kind::text) return unexpected_data("text", data);
    if constexpr (std::same_as<T, std::string>)
      value = data.text();
    else
      value = T(std::string(data.text()));
    return Done{};
  }
};

template <>
struct DataTraits<std::vector<std::byte>> {
  static Data to(const std::vector<std::byte>& value) {
    return Data::bytes(std::string(reinterpret_cast<const char*>(value.data()), value.size()));
  }
  static Status from(const Data& data, std::vector<std::byte>& value) {
    if (data.kind() != Data::Kind::bytes && data.kind() != Data::Kind::memory_view)
      return unexpected_data("bytes", data);
    const auto* const first = reinterpret_cast<const std::byte*>(data.text().data());
    value.assign(first, first + data.text().size());
    return Done{};
  }
};

}  // namespace cachesite
