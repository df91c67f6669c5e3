#pragma once

#include <cachesite/component_context.hpp>
#include <cachesite/detail/stored_config.hpp>
#include <cachesite/parameter.hpp>
#include <cachesite/secret.hpp>

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace cachesite {

/// The type of a value in a configuration.
enum class ConfigValueType : std::uint8_t {
  text,     ///< any characters
  integer,  ///< a decimal integer of 64 bits
  real,     ///< a decimal number
  boolean,  ///< `true`, `yes`, `on`, `1`, or `false`, `no`, `off`, `0`, in letters of any case
  list,     ///< texts with a separator
  mapping,  ///< an object in JSON; its members become keys of their own: `keepalive.idle`
};

/// The default of a key. Every other value of the key has to have its type.
struct ConfigDefault {
  ConfigDefault() = default;
  /// `session_and_key` is the session, a dot and the key, such as `redis.port`.
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

/// Checks a whole configuration, and returns one sentence about a mistake, without the value, or an empty
/// text.
using ConfigValidator = std::function<std::string(const IConfig& config)>;

/// Settings of an EnvironmentConfig, explained by `cachesite describe EnvironmentConfig` and
/// configs/reference.md.
struct EnvironmentConfigOptions {
  std::string prefix = "CACHESITE_";
  std::string separator = "__";
  std::vector<ConfigDefault> defaults = {};
  /// Called one after the other when all values have the right type. Only a program can set them: to use them
  /// in component files, derive an options struct whose constructor sets them.
  std::vector<ConfigValidator> validators = {};

  static ParameterTable parameters();
  [[nodiscard]] std::vector<OptionComplaint> complaints() const;
};

/// The environment of the process as a configuration: the key `host` of the session `redis` is the variable
/// `CACHESITE_REDIS__HOST`. Names of sessions and keys are in lower case; in the name of the variable, every
/// character other than a letter or digit is `_`. The environment is read once, when the component is
/// created, and never changed. A session ends at the first separator of the name, unless the whole name is
/// that of a key with a default. When two variables give the same key, such as `SHOP_A__B` and `SHOP_a__b`,
/// the later one in the environment counts, and the log has a warning.
///
/// A key with a default has the type of the default: a variable of another type is refused, with its name and
/// the expected type, never with its value. An empty variable counts as not given, unless it is a text. A
/// number keeps its form; a boolean becomes `true` or `false`. A member of a mapping that the variable does
/// not give, or gives as null, has its default; a member with its own default, such as
/// `redis.keepalive.idle`, has the type of that default, and its own variable takes precedence. In a
/// LayeredConfig, values of other layers take precedence over a default.
class EnvironmentConfig : public StoredConfig {
 public:
  using Options = EnvironmentConfigOptions;

  /// Throws std::invalid_argument with the first of `options.complaints()`, or with every value of the wrong
  /// type, or with all messages of the validators. `context.documents` reads a default that is a mapping: a
  /// program sets it to `file_documents()` of the loaders; otherwise std::logic_error is thrown.
  explicit EnvironmentConfig(const EnvironmentConfigOptions& options = {},
                             const ComponentContext& context = {});

  [[nodiscard]] bool has_session(std::string_view name) const override;
  [[nodiscard]] std::shared_ptr<IConfigSession> get_session(std::string_view name) const override;
};

}  // namespace cachesite
