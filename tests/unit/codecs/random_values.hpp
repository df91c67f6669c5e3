#pragma once

#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace cachesite::test {

/// Fills values of the types that can be serialised; the same seed gives the same values.
class RandomValues {
 public:
  explicit RandomValues(unsigned seed) : engine_(seed) {}

  template <class T>
  void fill(T& value) {
    if constexpr (std::same_as<T, bool>)
      value = below(2) == 1;
    else if constexpr (std::integral<T>)
      value = integer<T>();
    else if constexpr (std::floating_point<T>)
      value = static_cast<T>(static_cast<double>(integer<std::int32_t>()) / 8);
    else if constexpr (std::is_enum_v<T>)
      value = static_cast<T>(made<std::underlying_type_t<T>>());
    else if constexpr (std::convertible_to<const T&, std::string_view>)
      value = T(text());
    else if constexpr (requires { T::fields(); })
      std::apply([&](const auto&... field) { (fill(value.*field.member), ...); }, T::fields());
    else if constexpr (
        requires { value.count(); } && requires { typename T::period; })
      value = T(made<typename T::rep>());
    else if constexpr (requires { value.time_since_epoch(); })
      value = T(made<typename T::duration>());
    else
      fill_composed(value);
  }

 private:
  template <class T>
  T made() {
    T value{};
    fill(value);
    return value;
  }
  std::size_t below(std::size_t end) { return engine_() % end; }

  // Ends of the range more often than chance has them.
  template <class T>
  T integer() {
    using Limits = std::numeric_limits<T>;
    const T special[] = {0, 1, Limits::min(), Limits::max(), static_cast<T>(Limits::max() / 2 + 1)};
    if (below(3) == 0) return special[below(std::size(special))];
    return static_cast<T>(engine_());
  }
  std::string text() {
    static const std::array<std::string, 8> parts{"a", "\"", "\\", "\n",
                                                  "ü", "漢", "7",  std::string(1, '\0')};
    std::string made;
    for (auto left = below(6); left != 0; --left)
      made += parts[below(parts.size())];
    return made;
  }

  template <class First, class Second>
  void fill_composed(std::pair<First, Second>& value) {
    fill(value.first);
    fill(value.second);
  }
  template <class... Elements>
  void fill_composed(std::tuple<Elements...>& value) {
    std::apply([&](auto&... element) { (fill(element), ...); }, value);
  }
  template <class... Alternatives>
  void fill_composed(std::variant<Alternatives...>& value) {
    const auto index = below(sizeof...(Alternatives));
    std::size_t next = 0;
    (void)((index == next++ && (value = made<Alternatives>(), true)) || ...);
  }
  void fill_composed(std::monostate&) {}
  template <class T>
  void fill_composed(std::shared_ptr<T>& value) {
    value = below(3) == 0 ? nullptr : std::make_shared<T>(made<std::remove_const_t<T>>());
  }
  template <class T>
  void fill_composed(std::unique_ptr<T>& value) {
    value = below(3) == 0 ? nullptr : std::make_unique<T>(made<T>());
  }
  template <std::size_t Size>
  void fill_composed(std::array<std::byte, Size>& value) {
    for (auto& byte : value)
      byte = made<std::byte>();
  }
  template <class T, std::size_t Size>
  void fill_composed(std::array<T, Size>& value) {
    for (auto& element : value)
      fill(element);
  }
  template <class Container>
  requires requires { typename Container::value_type; }
  void fill_composed(Container& value) {
    value.clear();
    for (auto left = below(5); left != 0; --left) {
      if constexpr (requires { typename Container::mapped_type; })
        value.insert_or_assign(made<typename Container::key_type>(), made<typename Container::mapped_type>());
      else
        value.insert(value.end(), made<typename Container::value_type>());
    }
  }

  std::minstd_rand engine_;
};

}  // namespace cachesite::test
