#pragma once

#include <cachesite/data.hpp>
#include <cachesite/detail/composed_data_traits.hpp>
#include <cachesite/detail/container_data_traits.hpp>
#include <cachesite/detail/data_conversion.hpp>
#include <cachesite/detail/enumeration_data_traits.hpp>
#include <cachesite/detail/scalar_data_traits.hpp>
#include <cachesite/result.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>

namespace cachesite {

/// DataTraits<T> converts a C++ type to a Data and back. The library has them for
///
/// - bool, integers, float and double; Data itself;
/// - std::string, and what converts to std::string_view and is made from a std::string: text;
/// - std::vector and std::array of std::byte: bytes;
/// - enumerations: their number, or a name when there is a function that lists them (see below);
/// - durations of std::chrono, and times of a clock that is not steady: the count of their units since the
///   clock's epoch, so a change of the unit changes the meaning of stored values;
/// - std::optional, std::shared_ptr and std::unique_ptr: null or the value;
/// - std::pair, std::tuple: a tuple; std::array: a list of its size;
/// - std::variant: a list of the alternative's index and its value, so add new alternatives at the end;
///   std::monostate is null;
/// - containers: a list or a set, or a map with text, integers or enumerations as keys (JSON writes the last
///   two as text). Containers of the standard library, and others with the same functions; not multimaps;
/// - every struct with `fields()`:
///
///       enum class Shelf { cold, dry };
///       constexpr auto data_names(Shelf) {
///         return std::array{cachesite::data_name("cold", Shelf::cold),
///                           cachesite::data_name("dry", Shelf::dry)};
///       }
///
///       struct Product {
///         std::int64_t id = 0;
///         Shelf shelf = Shelf::dry;
///         std::optional<std::string> note;
///
///         static auto fields() {
///           return std::tuple(cachesite::data_field("id", &Product::id),
///                             cachesite::data_field("shelf", &Product::shelf),
///                             cachesite::data_field("note", &Product::note));
///         }
///       };
///
/// `data_names` is found in the namespace of the enumeration, or as a friend of the enclosing class. A value
/// without a name is written as its number. Numbers are always read, so names can be added later. With
/// <cachesite/data_fields.hpp> the fields are `CACHESITE_FIELDS(Product, id, shelf, note)`.
///
/// A program specialises DataTraits for its own types: `static Data to(const T&)` and `static Status
/// from(const Data&, T&)`, which fails with `corrupt` for data that is not a T. For a type without DataTraits
/// the compiler reports one error that names the type.
template <class T>
struct DataTraits;

/// A member of a struct with its name in serialised maps.
template <class Struct, class Member>
struct DataField {
  std::string_view name;
  Member Struct::*member;
};

template <class Struct, class Member>
[[nodiscard]] constexpr DataField<Struct, Member> data_field(std::string_view name,
                                                             Member Struct::*member) noexcept {
  return {name, member};
}

/// A struct that lists its fields.
template <class T>
concept DataStruct = requires {
  std::tuple_size<decltype(T::fields())>::value;
};

namespace detail {
[[nodiscard]] Error missing_field(std::string_view name, NamingPolicy naming);
[[nodiscard]] Error failure_of_field(std::string_view name, const Error& error);
}  // namespace detail

/// A map by field names. A missing field keeps its initial value if it is a std::optional, and fails
/// otherwise; unknown names are ignored, so that later versions can add fields. In a map that was read with a
/// NamingPolicy, fields have the names of that policy; `bad_argument` when two of them are equal.
template <DataStruct T>
struct DataTraits<T> {
  static Data to(const T& value) {
    Data::List elements;
    elements.reserve(2 * std::tuple_size_v<decltype(T::fields())>);
    std::apply([&](const auto&... field) { (add(elements, value, field), ...); }, T::fields());
    return Data::map(std::move(elements));
  }
  static Status from(const Data& data, T& value) {
    if (!data.is_map()) return unexpected_data("a map", data);
    if (data.naming() != NamingPolicy::as_is)
      if (auto distinct = check_names(data.naming()); !distinct.ok()) return distinct;
    Status status = Done{};
    std::apply(
        [&](const auto&... field) { static_cast<void>(((status = read(data, value, field)).ok() && ...)); },
        T::fields());
    return status;
  }

 private:
  // A field may be one of a base.
  template <class Owner, class Member>
  static void add(Data::List& elements, const T& value, const DataField<Owner, Member>& field) {
    elements.push_back(Data::field_name(field.name));
    elements.push_back(detail::to_data(value.*field.member));
  }
  static Status check_names(NamingPolicy naming) {
    const auto names = std::apply(
        [](const auto&... field) { return std::array<std::string_view, sizeof...(field)>{field.name...}; },
        T::fields());
    return check_distinct(names, naming);
  }
  template <class Owner, class Member>
  static Status read(const Data& data, T& value, const DataField<Owner, Member>& field) {
    const Data* const member = data.find_field(field.name);
    if (member == nullptr) {
      if constexpr (requires {
                      typename Member::value_type;
                      requires std::same_as<Member, std::optional<typename Member::value_type>>;
                    })
        return Done{};
      else
        return detail::missing_field(field.name, data.naming());
    }
    auto status = detail::from_data(*member, value.*field.member);
    if (status.ok()) return status;
    return detail::failure_of_field(field.name, status.error());
  }
};

}  // namespace cachesite
