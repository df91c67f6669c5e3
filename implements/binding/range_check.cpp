#include "binding/range_check.hpp"

#include "binding/expectation.hpp"
#include "binding/value_node.hpp"

#include <chrono>
#include <optional>
#include <variant>

namespace cachesite::binding {

namespace {

std::optional<long double> number_of(const ParameterValue& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value.data)) return *integer;
  if (const auto* real = std::get_if<double>(&value.data)) return *real;
  if (const auto* duration = std::get_if<std::chrono::nanoseconds>(&value.data)) return duration->count();
  if (const auto* size = std::get_if<ByteSize>(&value.data)) return size->bytes;
  return std::nullopt;
}

}  // namespace

void check_ranges(const ParameterTable& table, const void* options,
                  std::vector<OptionComplaint>& complaints) {
  for (const auto& declaration : table.declarations())
    check_range(declaration, options, complaints);
}

void check_range(const ParameterDeclaration& declaration, const void* options,
                 std::vector<OptionComplaint>& complaints) {
  const ParameterValue value = declaration.load(options);
  const auto number = number_of(value);
  if (!number || is_in_range(declaration, *number)) return;
  complaints.push_back({declaration.name, "expected " + expectation(declaration) + ", found " +
                                              value_node(value, false).scalar});
}

}  // namespace cachesite::binding
