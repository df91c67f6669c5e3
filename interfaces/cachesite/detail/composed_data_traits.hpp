#pragma once

#include <cachesite/data.hpp>
#include <cachesite/detail/data_conversion.hpp>
#include <cachesite/result.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace cachesite {

namespace detail {

/// Null, or what a std::optional or a pointer holds.
template <class Holder>
[[nodiscard]] Data held_to_data(const Holder& value) {
  using Held = std::remove_cvref_t<decltype(*value)>;
  return value ? to_data<Held>(*value) : Data();
}

template <class Held, class Holder, class Make>
[[nodiscard]] Status held_from_data(const Data& data, Holder& value, Make make) {
  value.reset();
  if (data.is_null()) return Done{};
  return take_from_data<Held>(data, [&](Held&& inner) { value = make(std::move(inner)); });
}

/// A std::pair or std::tuple, as Python's tuple of that many elements.
template <class Tuple>
struct TupleDataTraits {
  static constexpr auto size = std::tuple_size_v<Tuple>;

  static Data to(const Tuple& value) {
    Data::List elements;
    elements.reserve(size);
    std::apply([&](const auto&... element) { (elements.push_back(to_data(element)), ...); }, value);
    return Data::of_elements(Data::Kind::tuple, std::move(elements));
  }
  static Status from(const Data& data, Tuple& value) {
    if (!data.is_sequence() || data.elements().size() != size)
      return unexpected_data("a list of ", size, data);
    Status status = Done{};
    auto next = data.elements().begin();
    std::apply(
        [&](auto&... element) { static_cast<void>(((status = from_data(*next++, element)).ok() && ...)); },
        value);
    return status;
  }
};

/// Time is measured in the type's own unit, from the clock's own beginning.
template <class T>
concept Duration = requires(const T& value) {
  typename T::period;
  { value.count() } -> std::same_as<typename T::rep>;
};
template <class T>
concept TimePoint = requires(const T& value) {
  typename T::clock;
  { value.time_since_epoch() } -> std::same_as<typename T::duration>;
};

}  // namespace detail

template <class T>
struct DataTraits<std::optional<T>> {
  static Data to(const std::optional<T>& value) { return detail::held_to_data(value); }
  static Status from(const Data& data, std::optional<T>& value) {
    return detail::held_from_data<T>(data, value,
                                     [](T&& inner) { return std::optional<T>(std::move(inner)); });
  }
};

template <class T>
struct DataTraits<std::shared_ptr<T>> {
  static Data to(const std::shared_ptr<T>& value) { return detail::held_to_data(value); }
  static Status from(const Data& data, std::shared_ptr<T>& value) {
    using Held = std::remove_const_t<T>;
    return detail::held_from_data<Held>(data, value,
                                        [](Held&& inner) { return std::make_shared<T>(std::move(inner)); });
  }
};

template <class T>
struct DataTraits<std::unique_ptr<T>> {
  static Data to(const std::unique_ptr<T>& value) { return detail::held_to_data(value); }
  static Status from(const Data& data, std::unique_ptr<T>& value) {
    using Held = std::remove_const_t<T>;
    return detail::held_from_data<Held>(data, value,
                                        [](Held&& inner) { return std::make_unique<T>(std::move(inner)); });
  }
};

template <class First, class Second>
struct DataTraits<std::pair<First, Second>> : detail::TupleDataTraits<std::pair<First, Second>> {};

template <class... Elements>
struct DataTraits<std::tuple<Elements...>> : detail::TupleDataTraits<std::tuple<Elements...>> {};

template <class... Alternatives>
struct DataTraits<std::variant<Alternatives...>> {
  using Variant = std::variant<Alternatives...>;

  static Data to(const Variant& value) {
    if (value.valueless_by_exception()) return {};
    const auto in_list = [&](const auto& inner) {
      return Data::list({Data(value.index()), detail::to_data(inner)});
    };
    return std::visit(in_list, value);
  }
  static Status from(const Data& data, Variant& value) {
    if (!data.is_sequence() || data.elements().size() != 2)
      return unexpected_data("a list of an alternative's number and its value", data);
    const auto& number = data.elements().front();
    if (number.kind() != Data::Kind::integer) return unexpected_data("the number of an alternative", number);
    return from_alternative(number.integer(), data.elements().back(), value,
                            std::index_sequence_for<Alternatives...>());
  }

 private:
  template <std::size_t... Indices>
  static Status from_alternative(std::int64_t wanted, const Data& data, Variant& value,
                                 std::index_sequence<Indices...>) {
    Status status = Error(ErrorCode::corrupt, "the number of an alternative is out of range");
    static_cast<void>(
        ((std::cmp_equal(wanted, Indices) && (status = read<Indices>(data, value), true)) || ...));
    return status;
  }
  template <std::size_t Index>
  static Status read(const Data& data, Variant& value) {
    using Alternative = std::variant_alternative_t<Index, Variant>;
    return detail::take_from_data<Alternative>(
        data, [&](Alternative&& inner) { value.template emplace<Index>(std::move(inner)); });
  }
};

template <detail::Duration T>
struct DataTraits<T> {
  static Data to(const T& value) { return detail::to_data(value.count()); }
  static Status from(const Data& data, T& value) {
    return detail::take_from_data<typename T::rep>(data, [&](typename T::rep count) { value = T(count); });
  }
};

template <detail::TimePoint T>
struct DataTraits<T> {
  static_assert(!T::clock::is_steady,
                "cachesite cannot serialise a time of a steady clock, which no other process has: use "
                "std::chrono::system_clock");

  static Data to(const T& value) { return detail::to_data(value.time_since_epoch()); }
  static Status from(const Data& data, T& value) {
    return detail::take_from_data<typename T::duration>(
        data, [&](typename T::duration since_epoch) { value = T(since_epoch); });
  }
};

}  // namespace cachesite
