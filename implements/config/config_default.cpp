#include "binding/real_text.hpp"

#include <cachesite/detail/problem_text.hpp>
#include <cachesite/environment_config.hpp>

#include <stdexcept>
#include <utility>

namespace cachesite {

ConfigDefault::ConfigDefault(std::string session_and_key, double number)
    : key(std::move(session_and_key)), type(ConfigValueType::real), value(binding::real_text(number)) {}

ConfigDefault::ConfigDefault(std::string session_and_key, const std::vector<std::string>& elements,
                             std::string between)
    : key(std::move(session_and_key)), type(ConfigValueType::list), separator(std::move(between)) {
  std::string text;
  for (const auto& element : elements) {
    const auto start = text.size();
    text.append(element).append(separator);
    if (!separator.empty() && text.find(separator, start) != start + element.size())
      throw std::invalid_argument("ConfigDefault: an element of \"" + printable(key) +
                                  "\" holds the separator");
  }
  if (!elements.empty()) text.resize(text.size() - separator.size());
  value = Secret(std::move(text));
}

ConfigDefault ConfigDefault::mapping(std::string session_and_key, std::string_view json) {
  ConfigDefault made(std::move(session_and_key), json);
  made.type = ConfigValueType::mapping;
  return made;
}

ParameterTable ConfigDefault::parameters() {
  using O = ConfigDefault;
  using Type = ConfigValueType;
  return {
      parameter("key", &O::key, "The session and the key, with a dot between them.").required(),
      parameter("type", &O::type, "Type that every value of the key has to have.")
          .choices({{"text", Type::text},
                    {"integer", Type::integer},
                    {"real", Type::real},
                    {"boolean", Type::boolean},
                    {"list", Type::list},
                    {"mapping", Type::mapping}}),
      parameter("value", &O::value,
                "The value as the environment would write it: a list with its separator, a mapping in JSON."),
      parameter("separator", &O::separator, "Separator of the elements of a list.")};
}

}  // namespace cachesite
