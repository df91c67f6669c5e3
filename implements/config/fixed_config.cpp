#include "basics/checked_options.hpp"

#include <cachesite/fixed_config.hpp>

#include <string_view>
#include <utility>

namespace cachesite {

namespace {

constexpr std::string_view shape = "a value is written session.key=value";

ConfigValues read(const FixedConfigOptions& given) {
  const auto options = checked_options("FixedConfig", given);
  ConfigValues sessions;
  for (const auto& value : options.values) {
    const std::string_view line = value.reveal();
    const auto dot = line.find('.');
    const auto equals = line.find('=', dot);
    sessions[std::string(line.substr(0, dot))].insert_or_assign(
        std::string(line.substr(dot + 1, equals - dot - 1)),
        ConfigValue{std::string(line.substr(equals + 1)), "values of a FixedConfig"});
  }
  return sessions;
}

}  // namespace

ParameterTable FixedConfigOptions::parameters() {
  using O = FixedConfigOptions;
  return {parameter("values", &O::values,
                    "The values, each as session.key=value: the session ends at the first dot, the key at "
                    "the first equals sign. The later of two counts.")};
}

std::vector<OptionComplaint> FixedConfigOptions::complaints() const {
  for (const auto& value : values) {
    const std::string_view line = value.reveal();
    const auto dot = line.find('.');
    const auto equals = line.find('=');
    if (dot == 0 || dot == std::string_view::npos || equals == std::string_view::npos || equals <= dot + 1)
      return {{"values", std::string(shape)}};
  }
  return {};
}

FixedConfig::FixedConfig(const FixedConfigOptions& options) : StoredConfig(read(options)) {}

}  // namespace cachesite
