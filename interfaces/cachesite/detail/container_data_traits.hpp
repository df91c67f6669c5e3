#pragma once

#include <cachesite/data.hpp>
#include <cachesite/detail/data_conversion.hpp>
#include <cachesite/detail/enumeration_data_traits.hpp>
#include <cachesite/result.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <string>
#include <type_traits>
#include <utility>

namespace cachesite {

// Containers are known by what they can do, so that none of their headers is needed here, and others than
// those of the standard library are known too.
namespace detail {

template <class T>
concept DataContainer = requires(const T& value, T& destination) {
  typename T::value_type;
  value.begin() != value.end();
  value.size();
  destination.clear();
}
&&!requires {
  typename T::traits_type;
}
&&!requires {
  T::fields();
};

template <class T>
concept DataMap = DataContainer<T> &&
    requires(T& destination, typename T::key_type key, typename T::mapped_type element) {
  destination.insert_or_assign(std::move(key), std::move(element));
} && DataKey<typename T::key_type>;

template <class T>
concept DataSet = DataContainer<T> && !requires {
  typename T::mapped_type;
}
&&requires(T& destination, typename T::value_type element) {
  typename T::key_type;
  { destination.insert(std::move(element)).second } -> std::convertible_to<bool>;
};

template <class T>
concept DataList = DataContainer<T> && !requires {
  typename T::mapped_type;
}
&&!DataSet<T> && requires(T & destination, typename T::value_type element) {
  destination.insert(destination.end(), std::move(element));
};

/// Python's sets hold no lists and no mappings, so a set of such is a list there.
template <class T>
inline constexpr auto kind_of_set =
    DataKey<T> || std::is_arithmetic_v<T> ? Data::Kind::set : Data::Kind::list;

template <class Container>
[[nodiscard]] Data elements_to_data(Data::Kind kind, const Container& value) {
  Data::List elements;
  elements.reserve(value.size());
  for (const auto& element : value)
    elements.push_back(to_data<typename Container::value_type>(element));
  return Data::of_elements(kind, std::move(elements));
}

template <class Container>
[[nodiscard]] Status elements_from_data(const Data& data, Container& value) {
  using Element = typename Container::value_type;
  if (!data.is_sequence()) return unexpected_data("a list", data);
  value.clear();
  if constexpr (requires { value.reserve(data.elements().size()); }) value.reserve(data.elements().size());
  for (const auto& element : data.elements()) {
    const auto add = [&](Element&& inner) {
      if constexpr (DataSet<Container>)
        value.insert(std::move(inner));
      else
        value.insert(value.end(), std::move(inner));
    };
    if (auto status = take_from_data<Element>(element, add); !status.ok()) return status;
  }
  return Done{};
}

}  // namespace detail

template <detail::DataList T>
struct DataTraits<T> {
  static Data to(const T& value) { return detail::elements_to_data(Data::Kind::list, value); }
  static Status from(const Data& data, T& value) { return detail::elements_from_data(data, value); }
};

template <detail::DataSet T>
struct DataTraits<T> {
  static Data to(const T& value) {
    return detail::elements_to_data(detail::kind_of_set<typename T::value_type>, value);
  }
  static Status from(const Data& data, T& value) { return detail::elements_from_data(data, value); }
};

template <detail::DataMap T>
struct DataTraits<T> {
  using Key = typename T::key_type;
  using Element = typename T::mapped_type;

  static Data to(const T& value) {
    Data::List elements;
    elements.reserve(2 * value.size());
    for (const auto& [key, element] : value) {
      elements.push_back(detail::to_data<Key>(key));
      elements.push_back(detail::to_data<Element>(element));
    }
    return Data::map(std::move(elements));
  }
  static Status from(const Data& data, T& value) {
    if (!data.is_map()) return unexpected_data("a map", data);
    value.clear();
    const auto& elements = data.elements();
    for (std::size_t index = 0; index + 1 < elements.size(); index += 2) {
      Key key{};
      if (auto status = detail::key_from_data(elements[index], key); !status.ok()) return status;
      const auto add = [&](Element&& inner) { value.insert_or_assign(std::move(key), std::move(inner)); };
      if (auto status = detail::take_from_data<Element>(elements[index + 1], add); !status.ok())
        return status;
    }
    return Done{};
  }
};

// As many elements as the type says, or it is no such array.
template <class T, std::size_t Size>
struct DataTraits<std::array<T, Size>> {
  static Data to(const std::array<T, Size>& value) {
    return detail::elements_to_data(Data::Kind::list, value);
  }
  static Status from(const Data& data, std::array<T, Size>& value) {
    if (!data.is_sequence() || data.elements().size() != Size)
      return unexpected_data("a list of ", Size, data);
    for (std::size_t index = 0; index < Size; ++index)
      if (auto status = detail::from_data(data.elements()[index], value[index]); !status.ok()) return status;
    return Done{};
  }
};

template <std::size_t Size>
struct DataTraits<std::array<std::byte, Size>> {
  static Data to(const std::array<std::byte, Size>& value) {
    return Data::bytes(std::string(reinterpret_cast<const char*>(value.data()), Size));
  }
  static Status from(const Data& data, std::array<std::byte, Size>& value) {
    const bool is_bytes = data.kind() == Data::Kind::bytes || data.kind() == Data::Kind::memory_view;
    if (!is_bytes || data.text().size() != Size)
      return unexpected_data(std::to_string(Size) + " bytes", data);
    std::transform(data.text().begin(), data.text().end(), value.begin(),
                   [](char character) { return static_cast<std::byte>(character); });
    return Done{};
  }
};

}  // namespace cachesite
