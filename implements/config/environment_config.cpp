#include "basics/checked_options.hpp"

#include <cachesite/environment_config.hpp>

#include <utility>

#include <unistd.h>

namespace cachesite {

namespace {

std::string small_letters(std::string_view text) {
  std::string result(text);
  for (char& letter : result) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
    const bool plain = (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9');
    if (!plain) letter = '_';
  }
  return result;
}

ConfigValues read_environment(const EnvironmentConfigOptions& given) {
  const auto options = checked_options("EnvironmentConfig", given);
  ConfigValues sessions;
  for (char** variable = ::environ; variable != nullptr && *variable != nullptr; ++variable) {
    const std::string_view line(*variable);
    const auto equals = line.find('=');
    if (equals == std::string_view::npos || !line.starts_with(options.prefix)) continue;
    const std::string_view name = line.substr(0, equals);
    if (name.size() <= options.prefix.size()) continue;
    const std::string_view rest = name.substr(options.prefix.size());
    const auto middle = rest.find(options.separator);
    if (middle == 0 || middle == std::string_view::npos || middle + options.separator.size() == rest.size())
      continue;
    sessions[small_letters(rest.substr(0, middle))].insert_or_assign(
        small_letters(rest.substr(middle + options.separator.size())),
        ConfigValue{std::string(line.substr(equals + 1)), "the environment variable " + std::string(name)});
  }
  return sessions;
}

}  // namespace

ParameterTable EnvironmentConfigOptions::parameters() {
  using O = EnvironmentConfigOptions;
  return {parameter("prefix", &O::prefix, "What the names of the variables begin with."),
          parameter("separator", &O::separator, "What stands between session and key.")};
}

std::vector<OptionComplaint> EnvironmentConfigOptions::complaints() const {
  if (separator.empty()) return {{"separator", "without a separator, session and key cannot be told apart"}};
  return {};
}

EnvironmentConfig::EnvironmentConfig(const EnvironmentConfigOptions& options)
    : StoredConfig(read_environment(options)) {}

bool EnvironmentConfig::has_session(std::string_view name) const {
  return StoredConfig::has_session(small_letters(name));
}

std::shared_ptr<IConfigSession> EnvironmentConfig::get_session(std::string_view name) const {
  return StoredConfig::get_session(small_letters(name));
}

}  // namespace cachesite
