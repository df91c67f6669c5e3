#pragma once

#include <cachesite/data.hpp>
#include <cachesite/result.hpp>

#include <concepts>
#include <cstddef>
#include <string_view>
#include <utility>

namespace cachesite {

// What it is for is said in data_traits.hpp.
template <class T>
struct DataTraits;

/// A type that can be serialised. What is in it is looked at when a program reads or writes one.
template <class T>
concept DataConvertible = requires(const T& value, T& destination, const Data& data) {
  { DataTraits<T>::to(value) } -> std::convertible_to<Data>;
  { DataTraits<T>::from(data, destination) } -> std::same_as<Status>;
};

/// The failure that a `from` returns for a value of another kind.
[[nodiscard]] Error unexpected_data(std::string_view expected, const Data& found);
/// The same for `what` with a number behind it, such as a list of 3.
[[nodiscard]] Error unexpected_data(std::string_view what, std::size_t number, const Data& found);

namespace detail {

// A class, so that a compiler says it once for each type, and names the type.
template <class T>
struct CheckedForData {
  static constexpr bool value = DataConvertible<T>;
  static_assert(value,
                "cachesite cannot serialise this type: give a struct `static auto fields()`, or specialise "
                "cachesite::DataTraits for the type (see cachesite/data_traits.hpp). Keys of maps are text, "
                "integers or enumerations");
};

template <class T>
struct CheckedForElement {
  static constexpr bool value = std::default_initializable<T>;
  static_assert(value,
                "cachesite cannot read this type in a container: give it a default constructor, or "
                "specialise cachesite::DataTraits for the container");
};

template <class T>
[[nodiscard]] Data to_data(const T& value) {
  if constexpr (CheckedForData<T>::value)
    return DataTraits<T>::to(value);
  else
    return {};
}

template <class T>
[[nodiscard]] Status from_data(const Data& data, T& value) {
  if constexpr (CheckedForData<T>::value)
    return DataTraits<T>::from(data, value);
  else
    return Done{};
}

/// Gives `take` the T that `data` is; nothing when it is none.
template <class T, class Take>
[[nodiscard]] Status take_from_data(const Data& data, Take take) {
  if constexpr (CheckedForElement<T>::value) {
    T inner{};
    auto status = from_data(data, inner);
    if (status.ok()) take(std::move(inner));
    return status;
  } else {
    return Done{};
  }
}

}  // namespace detail

}  // namespace cachesite
