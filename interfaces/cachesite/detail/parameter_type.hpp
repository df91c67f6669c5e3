#pragma once

#include <cachesite/detail/parameter_declaration.hpp>
#include <cachesite/reference.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <ratio>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace cachesite {

/// How a member of an options struct of type T is declared, read and written. There is one specialisation for
/// each type that an options struct may use: bool, integers, double, std::string, Secret, std::chrono
/// durations, ByteSize, enumerations (with `.choices`), std::optional<T>, std::vector<T>, Reference<I>,
/// DefaultReference<I>, and a struct with a static `parameters()` of its own.
template <class T>
struct ParameterType;

namespace detail {

// What the values hold, compiled once: a std::variant of so many types takes long wherever it is touched.
[[nodiscard]] ParameterValue null_parameter();
[[nodiscard]] ParameterValue parameter_of(bool value);
[[nodiscard]] ParameterValue parameter_of(std::int64_t value);
[[nodiscard]] ParameterValue parameter_of(double value);
[[nodiscard]] ParameterValue parameter_of(const std::string& value);
[[nodiscard]] ParameterValue parameter_of(const Secret& value);
[[nodiscard]] ParameterValue parameter_of(std::chrono::nanoseconds value);
[[nodiscard]] ParameterValue parameter_of(ByteSize value);
[[nodiscard]] ParameterValue reference_parameter(std::string_view name);
[[nodiscard]] ParameterValue list_parameter(std::size_t size,
                                            const std::function<ParameterValue(std::size_t)>& element);

void take_parameter(const ParameterValue& value, bool& member);
void take_parameter(const ParameterValue& value, std::int64_t& member);
void take_parameter(const ParameterValue& value, double& member);
void take_parameter(const ParameterValue& value, std::string& member);
void take_parameter(const ParameterValue& value, Secret& member);
void take_parameter(const ParameterValue& value, std::chrono::nanoseconds& member);
void take_parameter(const ParameterValue& value, ByteSize& member);
[[nodiscard]] const std::string& referred_name(const ParameterValue& value);
void for_each_element(const ParameterValue& list, const std::function<void(const ParameterValue&)>& visit);

// Groups, whose members are declared in a table.
[[nodiscard]] ParameterValue load_group(const ParameterTable& table, const void* members);
void store_group(const ParameterTable& table, void* members, const ParameterValue& value);
void visit_group(const ParameterTable& table, void* members, const ReferenceVisitor& visit);
/// Takes out of a group what another one has too.
void keep_difference(ParameterValue& group, const ParameterValue& usual);

}  // namespace detail

/// A struct that declares its parameters.
template <class T>
concept ParameterStruct = requires {
  { T::parameters() } -> std::convertible_to<ParameterTable>;
};

// Templates, those for one type too: what is in them is compiled where a program uses it.
template <std::same_as<bool> T>
struct ParameterType<T> {
  static void describe(ParameterDeclaration& declaration) { declaration.kind = ParameterKind::boolean; }
  static ParameterValue load(const T& member) { return detail::parameter_of(member); }
  static void store(T& member, const ParameterValue& value) { detail::take_parameter(value, member); }
};

template <std::integral T>
requires(!std::same_as<T, bool>) struct ParameterType<T> {
  static void describe(ParameterDeclaration& declaration) {
    using Wide = std::numeric_limits<std::int64_t>;
    using Narrow = std::numeric_limits<T>;
    declaration.kind = ParameterKind::integer;
    declaration.least = static_cast<long double>(Narrow::min());
    declaration.most = std::cmp_less(Narrow::max(), Wide::max()) ? static_cast<long double>(Narrow::max())
                                                                 : static_cast<long double>(Wide::max());
  }
  static long double bound(std::integral auto value) { return static_cast<long double>(value); }
  static ParameterValue load(const T& member) {
    return detail::parameter_of(static_cast<std::int64_t>(member));
  }
  static void store(T& member, const ParameterValue& value) {
    std::int64_t wide = 0;
    detail::take_parameter(value, wide);
    member = static_cast<T>(wide);
  }
};

template <std::same_as<double> T>
struct ParameterType<T> {
  static void describe(ParameterDeclaration& declaration) { declaration.kind = ParameterKind::real; }
  static long double bound(T value) { return value; }
  static ParameterValue load(const T& member) { return detail::parameter_of(member); }
  static void store(T& member, const ParameterValue& value) { detail::take_parameter(value, member); }
};

template <std::same_as<std::string> T>
struct ParameterType<T> {
  static void describe(ParameterDeclaration& declaration) { declaration.kind = ParameterKind::text; }
  static ParameterValue load(const T& member) { return detail::parameter_of(member); }
  static void store(T& member, const ParameterValue& value) { detail::take_parameter(value, member); }
};

template <std::same_as<Secret> T>
struct ParameterType<T> {
  static void describe(ParameterDeclaration& declaration) { declaration.kind = ParameterKind::secret; }
  static ParameterValue load(const T& member) { return detail::parameter_of(member); }
  static void store(T& member, const ParameterValue& value) { detail::take_parameter(value, member); }
};

template <class Rep, class Period>
struct ParameterType<std::chrono::duration<Rep, Period>> {
  using Duration = std::chrono::duration<Rep, Period>;
  static void describe(ParameterDeclaration& declaration) {
    declaration.kind = ParameterKind::duration;
    declaration.least = 0;
    if constexpr (std::is_integral_v<Rep>) {
      using Nanoseconds = std::chrono::nanoseconds;
      if constexpr (std::ratio_greater_v<Period, std::nano>)
        declaration.step =
            std::chrono::duration_cast<Nanoseconds>(std::chrono::duration<std::int64_t, Period>(1));
    }
  }
  static long double bound(Duration value) {
    return std::chrono::duration<long double, std::nano>(value).count();
  }
  static ParameterValue load(const Duration& member) {
    return detail::parameter_of(std::chrono::duration_cast<std::chrono::nanoseconds>(member));
  }
  static void store(Duration& member, const ParameterValue& value) {
    std::chrono::nanoseconds exact{};
    detail::take_parameter(value, exact);
    member = std::chrono::duration_cast<Duration>(exact);
  }
};

template <std::same_as<ByteSize> T>
struct ParameterType<T> {
  static void describe(ParameterDeclaration& declaration) { declaration.kind = ParameterKind::size; }
  static long double bound(T value) { return static_cast<long double>(value.bytes); }
  static ParameterValue load(const T& member) { return detail::parameter_of(member); }
  static void store(T& member, const ParameterValue& value) { detail::take_parameter(value, member); }
};

/// An enumeration is read and written by the words given with `.choices`, which replaces these functions.
template <class T>
requires std::is_enum_v<T>
struct ParameterType<T> {
  static void describe(ParameterDeclaration& declaration) { declaration.kind = ParameterKind::choice; }
  static ParameterValue load(const T&) { return detail::null_parameter(); }
  static void store(T&, const ParameterValue&) {}
};

template <class T>
struct ParameterType<std::optional<T>> {
  static void describe(ParameterDeclaration& declaration) {
    ParameterType<T>::describe(declaration);
    declaration.nullable = true;
  }
  static long double bound(const auto& value) { return ParameterType<T>::bound(value); }
  // Of a group that may be left out, what it gives.
  static ParameterValue load(const std::optional<T>& member) {
    if (!member) return detail::null_parameter();
    auto value = ParameterType<T>::load(*member);
    if constexpr (ParameterStruct<T>) detail::keep_difference(value, ParameterType<T>::load(T()));
    return value;
  }
  static void store(std::optional<T>& member, const ParameterValue& value) {
    if (value.is_null())
      member.reset();
    else
      ParameterType<T>::store(member.emplace(), value);
  }
  static void visit_references(std::optional<T>& member, const ReferenceVisitor& visit) requires
      requires(T& inner) {
    ParameterType<T>::visit_references(inner, visit);
  }
  {
    if (member) ParameterType<T>::visit_references(*member, visit);
  }
};

template <class T>
struct ParameterType<std::vector<T>> {
  static void describe(ParameterDeclaration& declaration) {
    declaration.kind = ParameterKind::list;
    auto element = std::make_shared<ParameterDeclaration>();
    ParameterType<T>::describe(*element);
    declaration.element = std::move(element);
  }
  static long double bound(const auto& value) { return ParameterType<T>::bound(value); }
  static ParameterValue load(const std::vector<T>& member) {
    return detail::list_parameter(member.size(),
                                  [&](std::size_t index) { return ParameterType<T>::load(member[index]); });
  }
  static void store(std::vector<T>& member, const ParameterValue& value) {
    member.clear();
    detail::for_each_element(value, [&](const ParameterValue& element) {
      ParameterType<T>::store(member.emplace_back(), element);
    });
  }
  static void visit_references(std::vector<T>& member, const ReferenceVisitor& visit) requires
      requires(T& element) {
    ParameterType<T>::visit_references(element, visit);
  }
  {
    for (auto& element : member)
      ParameterType<T>::visit_references(element, visit);
  }
};

template <ComponentInterface I>
struct ParameterType<Reference<I>> {
  static void describe(ParameterDeclaration& declaration) {
    declaration.kind = ParameterKind::reference;
    declaration.nullable = true;
    declaration.interface_name = std::string(I::interface_name);
  }
  static ParameterValue load(const Reference<I>& member) {
    return member.is_set() ? detail::reference_parameter(member.name()) : detail::null_parameter();
  }
  static void store(Reference<I>& member, const ParameterValue& value) {
    member = Reference<I>();
    if (!value.is_null()) member.set_name(detail::referred_name(value));
  }
  static void visit_references(Reference<I>& member, const ReferenceVisitor& visit) {
    if (!member.is_set() || member.component()) return;
    visit(I::interface_id, member.name(), ReferenceNeed::required,
          [&member](std::shared_ptr<void> component) {
            member.resolve(std::static_pointer_cast<I>(std::move(component)));
          });
  }
};

template <ComponentInterface I>
struct ParameterType<DefaultReference<I>> {
  static void describe(ParameterDeclaration& declaration) {
    ParameterType<Reference<I>>::describe(declaration);
  }
  static ParameterValue load(const DefaultReference<I>& member) {
    return member.is_declined() ? detail::null_parameter() : detail::reference_parameter(member.name());
  }
  static void store(DefaultReference<I>& member, const ParameterValue& value) {
    member = DefaultReference<I>();
    if (value.is_null())
      member.decline();
    else
      member.set_name(detail::referred_name(value));
  }
  static void visit_references(DefaultReference<I>& member, const ReferenceVisitor& visit) {
    if (member.is_declined() || member.component()) return;
    visit(I::interface_id, member.name(),
          member.is_set() ? ReferenceNeed::required : ReferenceNeed::if_present,
          [&member](std::shared_ptr<void> component) {
            member.resolve(std::static_pointer_cast<I>(std::move(component)));
          });
  }
};

template <ParameterStruct T>
struct ParameterType<T> {
  static void describe(ParameterDeclaration& declaration) {
    declaration.kind = ParameterKind::group;
    declaration.group = std::make_shared<const ParameterTable>(T::parameters());
    declaration.make_group = []() -> std::shared_ptr<const void> { return std::make_shared<const T>(); };
  }
  /// Made once: a table is read for every value of the type.
  static const ParameterTable& table() {
    static const ParameterTable made = T::parameters();
    return made;
  }
  static ParameterValue load(const T& member) { return detail::load_group(table(), &member); }
  static void store(T& member, const ParameterValue& value) { detail::store_group(table(), &member, value); }
  static void visit_references(T& member, const ReferenceVisitor& visit) {
    detail::visit_group(table(), &member, visit);
  }
};

}  // namespace cachesite
