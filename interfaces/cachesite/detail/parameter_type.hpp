#pragma once

#include <cachesite/detail/parameter_declaration.hpp>
#include <cachesite/reference.hpp>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <ratio>
#include <string>
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

/// A struct that declares its parameters.
template <class T>
concept ParameterStruct = requires {
  { T::parameters() } -> std::convertible_to<ParameterTable>;
};

template <>
struct ParameterType<bool> {
  static void describe(ParameterDeclaration& declaration) { declaration.kind = ParameterKind::boolean; }
  static ParameterValue load(const bool& member) { return {member}; }
  static void store(bool& member, const ParameterValue& value) { member = std::get<bool>(value.data); }
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
  static ParameterValue load(const T& member) { return {static_cast<std::int64_t>(member)}; }
  static void store(T& member, const ParameterValue& value) {
    member = static_cast<T>(std::get<std::int64_t>(value.data));
  }
};

template <>
struct ParameterType<double> {
  static void describe(ParameterDeclaration& declaration) { declaration.kind = ParameterKind::real; }
  static long double bound(double value) { return value; }
  static ParameterValue load(const double& member) { return {member}; }
  static void store(double& member, const ParameterValue& value) { member = std::get<double>(value.data); }
};

template <>
struct ParameterType<std::string> {
  static void describe(ParameterDeclaration& declaration) { declaration.kind = ParameterKind::text; }
  static ParameterValue load(const std::string& member) { return {member}; }
  static void store(std::string& member, const ParameterValue& value) {
    member = std::get<std::string>(value.data);
  }
};

template <>
struct ParameterType<Secret> {
  static void describe(ParameterDeclaration& declaration) { declaration.kind = ParameterKind::secret; }
  static ParameterValue load(const Secret& member) { return {member}; }
  static void store(Secret& member, const ParameterValue& value) { member = std::get<Secret>(value.data); }
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
    return {std::chrono::duration_cast<std::chrono::nanoseconds>(member)};
  }
  static void store(Duration& member, const ParameterValue& value) {
    member = std::chrono::duration_cast<Duration>(std::get<std::chrono::nanoseconds>(value.data));
  }
};

template <>
struct ParameterType<ByteSize> {
  static void describe(ParameterDeclaration& declaration) { declaration.kind = ParameterKind::size; }
  static long double bound(ByteSize value) { return static_cast<long double>(value.bytes); }
  static ParameterValue load(const ByteSize& member) { return {member}; }
  static void store(ByteSize& member, const ParameterValue& value) {
    member = std::get<ByteSize>(value.data);
  }
};

/// An enumeration is read and written by the words given with `.choices`, which replaces these functions.
template <class T>
requires std::is_enum_v<T>
struct ParameterType<T> {
  static void describe(ParameterDeclaration& declaration) { declaration.kind = ParameterKind::choice; }
  static ParameterValue load(const T&) { return {}; }
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
    if (!member) return {};
    auto value = ParameterType<T>::load(*member);
    if constexpr (ParameterStruct<T>) {
      const auto usual = std::get<ParameterGroup>(ParameterType<T>::load(T()).data);
      std::erase_if(std::get<ParameterGroup>(value.data), [&](const NamedParameterValue& each) {
        return std::find(usual.begin(), usual.end(), each) != usual.end();
      });
    }
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
    ParameterList list;
    for (const auto& element : member)
      list.push_back(ParameterType<T>::load(element));
    return {std::move(list)};
  }
  static void store(std::vector<T>& member, const ParameterValue& value) {
    member.clear();
    for (const auto& element : std::get<ParameterList>(value.data))
      ParameterType<T>::store(member.emplace_back(), element);
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
    return member.is_set() ? ParameterValue{ReferenceName{member.name()}} : ParameterValue{};
  }
  static void store(Reference<I>& member, const ParameterValue& value) {
    member = Reference<I>();
    if (!value.is_null()) member.set_name(std::get<ReferenceName>(value.data).name);
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
    return member.is_declined() ? ParameterValue{} : ParameterValue{ReferenceName{member.name()}};
  }
  static void store(DefaultReference<I>& member, const ParameterValue& value) {
    member = DefaultReference<I>();
    if (value.is_null())
      member.decline();
    else
      member.set_name(std::get<ReferenceName>(value.data).name);
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
  static ParameterValue load(const T& member) {
    ParameterGroup group;
    for (const auto& declaration : table().declarations())
      group.push_back({declaration.name, declaration.load(&member)});
    return {std::move(group)};
  }
  static void store(T& member, const ParameterValue& value) {
    for (const auto& [name, inner] : std::get<ParameterGroup>(value.data))
      if (const auto* declaration = table().find(name)) declaration->store(&member, inner);
  }
  static void visit_references(T& member, const ReferenceVisitor& visit) {
    for (const auto& declaration : table().declarations())
      if (declaration.visit_references) declaration.visit_references(&member, visit);
  }
};

}  // namespace cachesite
