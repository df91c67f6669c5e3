#pragma once

#include <cachesite/data.hpp>
#include <cachesite/detail/data_conversion.hpp>
#include <cachesite/detail/scalar_data_traits.hpp>
#include <cachesite/result.hpp>

#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>

namespace cachesite {

/// A value of an enumeration under the name that serialised data gives it.
template <class Enumeration>
struct DataName {
  std::string_view name;
  Enumeration value;
};

template <class Enumeration>
requires std::is_enum_v<Enumeration>
[[nodiscard]] constexpr DataName<Enumeration> data_name(std::string_view name, Enumeration value) noexcept {
  return {name, value};
}

namespace detail {

/// An enumeration with a function `data_names`, as data_traits.hpp describes it.
template <class T>
concept NamedEnumeration = std::is_enum_v<T> && requires(T value) {
  data_names(value).begin();
};

/// What may be a key of a serialised map.
template <class T>
concept DataKey = TextLike<T> ||(std::integral<T> && !std::same_as<T, bool>) ||
                  (std::is_enum_v<T> && !std::same_as<std::underlying_type_t<T>, bool>);

}  // namespace detail

template <class T>
requires std::is_enum_v<T>
struct DataTraits<T> {
  using Number = std::underlying_type_t<T>;

  static Data to(T value) {
    if constexpr (detail::NamedEnumeration<T>) {
      for (const auto& named : data_names(value))
        if (named.value == value) return named.name;
    }
    return DataTraits<Number>::to(static_cast<Number>(value));
  }
  static Status from(const Data& data, T& value) {
    if constexpr (detail::NamedEnumeration<T>) {
      if (data.kind() == Data::Kind::text) return from_name(data.text(), value);
    }
    Number number{};
    auto status = DataTraits<Number>::from(data, number);
    if (status.ok()) value = static_cast<T>(number);
    return status;
  }

 private:
  static Status from_name(std::string_view name, T& value) {
    std::string all;
    for (const auto& named : data_names(value)) {
      if (named.name == name) {
        value = named.value;
        return Done{};
      }
      all.append(all.empty() ? "" : ", ").append(named.name);
    }
    return Error(ErrorCode::corrupt, "expected one of " + all + ", found other text");
  }
};

namespace detail {

/// Keys as `to_data`; read from text too, as which JSON writes those that are numbers.
template <DataKey K>
[[nodiscard]] Status key_from_data(const Data& data, K& key) {
  if constexpr (!TextLike<K>) {
    if (data.kind() == Data::Kind::text) {
      if constexpr (std::is_enum_v<K>) {
        std::underlying_type_t<K> number{};
        if (number_from_text(data.text(), number).ok()) {
          key = static_cast<K>(number);
          return Done{};
        }
      } else {
        return number_from_text(data.text(), key);
      }
    }
  }
  auto status = DataTraits<K>::from(data, key);
  if constexpr (TextLike<K>) {
    if (!status.ok()) return unexpected_data("a text key", data);
  }
  return status;
}

}  // namespace detail

}  // namespace cachesite
