#pragma once

#include <cachesite/data.hpp>
#include <cachesite/result.hpp>

#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace cachesite {

/// How a C++ type becomes a Data and is made from one again. There are specialisations for bool, integers,
/// float and double, std::string (text), std::vector<std::byte> (bytes), std::optional<T> (null or T),
/// std::vector<T>, std::map<std::string, T>, Data itself, and every struct with `fields()`:
///
///     struct User {
///       std::int64_t id = 0;
///       std::string name;
///       std::optional<std::string> mail;
///
///       static auto fields() {
///         return std::tuple(cachesite::data_field("id", &User::id),
///                           cachesite::data_field("name", &User::name),
///                           cachesite::data_field("mail", &User::mail));
///       }
///     };
///
/// A program specialises it for its own types: `static Data to(const T&)` and
/// `static Status from(const Data&, T&)`, which fails with `corrupt` for what is no T.
template <class T>
struct DataTraits;

/// A member of a struct under the name that serialised maps give it.
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

/// A type that can be serialised.
template <class T>
concept DataConvertible = requires(const T& value, T& destination, const Data& data) {
  { DataTraits<T>::to(value) } -> std::convertible_to<Data>;
  { DataTraits<T>::from(data, destination) } -> std::same_as<Status>;
};

/// The failure that a `from` returns for a value of another kind.
[[nodiscard]] inline Error unexpected_data(std::string_view expected, const Data& found) {
  return Error(ErrorCode::corrupt,
               "expected " + std::string(expected) + ", found " + std::string(to_string(found.kind())));
}

template <>
struct DataTraits<Data> {
  static Data to(const Data& value) { return value; }
  static Status from(const Data& data, Data& value) {
    value = data;
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
    const auto out_of_range = [] {
      return Error(ErrorCode::corrupt, "an integer is out of the range of its type");
    };
    if (data.kind() == Data::Kind::big_integer) {
      const auto& digits = data.text();
      const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
      if (read.ec != std::errc() || read.ptr != digits.data() + digits.size()) return out_of_range();
      return Done{};
    }
    if (data.kind() != Data::Kind::integer) return unexpected_data("an integer", data);
    if (std::cmp_less(data.integer(), std::numeric_limits<T>::min()) ||
        std::cmp_greater(data.integer(), std::numeric_limits<T>::max()))
      return out_of_range();
    value = static_cast<T>(data.integer());
    return Done{};
  }
};

/// Reads a whole number too, since JSON has no other way to write 1.0 as 1.
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

template <>
struct DataTraits<std::string> {
  static Data to(const std::string& value) { return value; }
  static Status from(const Data& data, std::string& value) {
    if (data.kind() != Data::Kind::text) return unexpected_data("text", data);
    value = data.text();
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

template <class T>
struct DataTraits<std::optional<T>> {
  static Data to(const std::optional<T>& value) { return value ? DataTraits<T>::to(*value) : Data(); }
  static Status from(const Data& data, std::optional<T>& value) {
    value.reset();
    if (data.is_null()) return Done{};
    T inner{};
    auto status = DataTraits<T>::from(data, inner);
    if (status.ok()) value = std::move(inner);
    return status;
  }
};

template <class T>
struct DataTraits<std::vector<T>> {
  static Data to(const std::vector<T>& value) {
    Data::List elements;
    elements.reserve(value.size());
    for (const auto& element : value)
      elements.push_back(DataTraits<T>::to(element));
    return Data::list(std::move(elements));
  }
  static Status from(const Data& data, std::vector<T>& value) {
    if (!data.is_sequence()) return unexpected_data("a list", data);
    value.clear();
    value.reserve(data.elements().size());
    for (const auto& element : data.elements()) {
      T inner{};
      if (auto status = DataTraits<T>::from(element, inner); !status.ok()) return status;
      value.push_back(std::move(inner));
    }
    return Done{};
  }
};

template <class T>
struct DataTraits<std::map<std::string, T>> {
  static Data to(const std::map<std::string, T>& value) {
    auto data = Data::map();
    for (const auto& [key, element] : value)
      data.add(Data(key), DataTraits<T>::to(element));
    return data;
  }
  static Status from(const Data& data, std::map<std::string, T>& value) {
    if (!data.is_map()) return unexpected_data("a map", data);
    value.clear();
    const auto& elements = data.elements();
    for (std::size_t index = 0; index + 1 < elements.size(); index += 2) {
      if (elements[index].kind() != Data::Kind::text) return unexpected_data("a text key", elements[index]);
      T inner{};
      if (auto status = DataTraits<T>::from(elements[index + 1], inner); !status.ok()) return status;
      value.insert_or_assign(elements[index].text(), std::move(inner));
    }
    return Done{};
  }
};

/// A map by field names. A field that is missing keeps its initial value when it is a std::optional and fails
/// otherwise; names that the struct does not list are passed over, so that a later version may add some. Of a
/// map that was read with a NamingPolicy the fields are found under the names of that; it is refused with
/// `bad_argument` when two of them have the same.
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
  template <class Member>
  static void add(Data::List& elements, const T& value, const DataField<T, Member>& field) {
    elements.push_back(Data::field_name(field.name));
    elements.push_back(DataTraits<Member>::to(value.*field.member));
  }
  static Status check_names(NamingPolicy naming) {
    const auto names = std::apply(
        [](const auto&... field) { return std::array<std::string_view, sizeof...(field)>{field.name...}; },
        T::fields());
    return check_distinct(names, naming);
  }
  template <class Member>
  static Status read(const Data& data, T& value, const DataField<T, Member>& field) {
    const Data* const member = data.find_field(field.name);
    if (member == nullptr) {
      if constexpr (requires {
                      typename Member::value_type;
                      requires std::same_as<Member, std::optional<typename Member::value_type>>;
                    })
        return Done{};
      else
        return Error(ErrorCode::corrupt,
                     "the field \"" + renamed(field.name, data.naming()) + "\" is missing");
    }
    auto status = DataTraits<Member>::from(*member, value.*field.member);
    if (status.ok()) return status;
    return Error(status.error().code(),
                 std::string(field.name) + ": " + std::string(status.error().message()));
  }
};

}  // namespace cachesite
