#pragma once

#include <cachesite/bytes.hpp>
#include <cachesite/secret.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace cachesite {

/// The name of the component that a reference parameter means.
struct ReferenceName {
  std::string name;
  friend bool operator==(const ReferenceName&, const ReferenceName&) = default;
};

struct ParameterValue;
struct NamedParameterValue;
/// The elements of a list parameter.
using ParameterList = std::vector<ParameterValue>;
/// The members of a group parameter that are given.
using ParameterGroup = std::vector<NamedParameterValue>;

/// The value of one parameter between the file and the options struct: checked and converted, but without the
/// struct's type. std::monostate is null ("none"). A choice is held as its word.
struct ParameterValue {
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Secret, std::chrono::nanoseconds,
               ByteSize, ReferenceName, ParameterList, ParameterGroup>
      data;

  [[nodiscard]] bool is_null() const noexcept { return std::holds_alternative<std::monostate>(data); }
  friend bool operator==(const ParameterValue& left, const ParameterValue& right) {
    return left.equals(right);
  }
  [[nodiscard]] bool equals(const ParameterValue& other) const;
};

/// One member of a group with its name.
struct NamedParameterValue {
  std::string name;
  ParameterValue value;
  friend bool operator==(const NamedParameterValue& left, const NamedParameterValue& right) {
    return left.name == right.name && left.value == right.value;
  }
};

}  // namespace cachesite
