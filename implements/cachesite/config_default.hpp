#pragma once

#include <cachesite/parameter.hpp>
#include <cachesite/secret.hpp>

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace cachesite {

/// What the text of a configuration's value has to be.
enum class ConfigValueType : std::uint8_t {
  text,     ///< any characters
  integer,  ///< a decimal whole number of 64 bits
  real,     ///< a decimal number
  boolean,  ///< `true`, `yes`, `on`, `1`, or `false`, `no`, `off`, `0`, in letters of any case
  list,     ///< texts with a separator between them
  mapping,  ///< an object in JSON; its members become keys of their own: `keepalive.idle`
};

/// The value that a key has where nobody gives it another. Its type is the type that every other value of the
/// key must have.
struct ConfigDefault {
  ConfigDefault() = default;
  /// `session_and_key` is both with a dot between them, such as `redis.port`.
  ConfigDefault(std::string session_and_key, std::string_view text)
      : key(std::move(session_and_key)), value(std::string(text)) {}
  ConfigDefault(std::string session_and_key, const char* text)
      : ConfigDefault(std::move(session_and_key), std::string_view(text)) {}
  ConfigDefault(std::string session_and_key, std::same_as<bool> auto yes)
      : key(std::move(session_and_key)),
        type(ConfigValueType::boolean),
        value(std::string(yes ? "true" : "false")) {}
  template <std::integral Number>
  requires(!std::same_as<Number, bool>) ConfigDefault(std::string session_and_key, Number number)
      : key(std::move(session_and_key)), type(ConfigValueType::integer), value(std::to_string(number)) {}
  ConfigDefault(std::string session_and_key, double number);
  /// Throws std::invalid_argument when an element holds the separator `between`.
  ConfigDefault(std::string session_and_key, const std::vector<std::string>& elements,
                std::string between = ",");
  /// A mapping, as an object in JSON. Reading it needs a source of documents (see EnvironmentConfig).
  [[nodiscard]] static ConfigDefault mapping(std::string session_and_key, std::string_view json);

  std::string key;
  ConfigValueType type = ConfigValueType::text;
  Secret value;
  std::string separator = ",";

  static ParameterTable parameters();
};

}  // namespace cachesite
