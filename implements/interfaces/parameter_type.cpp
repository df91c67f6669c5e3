#include <cachesite/detail/parameter_type.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace cachesite::detail {

ParameterValue null_parameter() {
  return {};
}

ParameterValue parameter_of(bool value) {
  return {value};
}

ParameterValue parameter_of(std::int64_t value) {
  return {value};
}

ParameterValue parameter_of(double value) {
  return {value};
}

ParameterValue parameter_of(const std::string& value) {
  return {value};
}

ParameterValue parameter_of(const Secret& value) {
  return {value};
}

ParameterValue parameter_of(std::chrono::nanoseconds value) {
  return {value};
}

ParameterValue parameter_of(ByteSize value) {
  return {value};
}

ParameterValue reference_parameter(std::string_view name) {
  return {ReferenceName{std::string(name)}};
}

ParameterValue list_parameter(std::size_t size, const std::function<ParameterValue(std::size_t)>& element) {
  ParameterList list;
  for (std::size_t index = 0; index < size; ++index)
    list.push_back(element(index));
  return {std::move(list)};
}

void take_parameter(const ParameterValue& value, bool& member) {
  member = std::get<bool>(value.data);
}

void take_parameter(const ParameterValue& value, std::int64_t& member) {
  member = std::get<std::int64_t>(value.data);
}

void take_parameter(const ParameterValue& value, double& member) {
  member = std::get<double>(value.data);
}

void take_parameter(const ParameterValue& value, std::string& member) {
  member = std::get<std::string>(value.data);
}

void take_parameter(const ParameterValue& value, Secret& member) {
  member = std::get<Secret>(value.data);
}

void take_parameter(const ParameterValue& value, std::chrono::nanoseconds& member) {
  member = std::get<std::chrono::nanoseconds>(value.data);
}

void take_parameter(const ParameterValue& value, ByteSize& member) {
  member = std::get<ByteSize>(value.data);
}

const std::string& referred_name(const ParameterValue& value) {
  return std::get<ReferenceName>(value.data).name;
}

void for_each_element(const ParameterValue& list, const std::function<void(const ParameterValue&)>& visit) {
  for (const auto& element : std::get<ParameterList>(list.data))
    visit(element);
}

ParameterValue load_group(const ParameterTable& table, const void* members) {
  ParameterGroup group;
  for (const auto& declaration : table.declarations())
    group.push_back({declaration.name, declaration.load(members)});
  return {std::move(group)};
}

void store_group(const ParameterTable& table, void* members, const ParameterValue& value) {
  for (const auto& [name, inner] : std::get<ParameterGroup>(value.data))
    if (const auto* declaration = table.find(name)) declaration->store(members, inner);
}

void visit_group(const ParameterTable& table, void* members, const ReferenceVisitor& visit) {
  for (const auto& declaration : table.declarations())
    if (declaration.visit_references) declaration.visit_references(members, visit);
}

void keep_difference(ParameterValue& group, const ParameterValue& usual) {
  const auto& without = std::get<ParameterGroup>(usual.data);
  std::erase_if(std::get<ParameterGroup>(group.data), [&](const NamedParameterValue& each) {
    return std::find(without.begin(), without.end(), each) != without.end();
  });
}

}  // namespace cachesite::detail
