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

/// Looks at a configuration as a whole and says in one sentence what is wrong with it; nothing when all is
/// right. The sentence shows no value.
using ConfigValidator = std::function<std::string(const IConfig& config)>;

/// Settings of an EnvironmentConfig, explained by `cachesite describe EnvironmentConfig` and
/// configs/reference.md.
struct EnvironmentConfigOptions {
  std::string prefix = "CACHESITE_";
  std::string separator = "__";
  std::vector<ConfigDefault> defaults = {};
  /// Called one after the other when all values have their types. Only a program can give them: one that
  /// wants them for a component file derives options of its own, with a constructor that fills them in.
  std::vector<ConfigValidator> validators = {};

  static ParameterTable parameters();
  [[nodiscard]] std::vector<OptionComplaint> complaints() const;
};

/// The environment of the process as a configuration: the key `host` of the session `redis` is the variable
/// `CACHESITE_REDIS__HOST`. Names of sessions and keys are in small letters and count as equal to the
/// variable's when they are so after every other character than a letter or digit has become `_`. The
/// environment is read once, when the component is made, and never changed. A session ends at the first
/// separator of the name, unless the whole name is that of a key with a default. Of two variables that give
/// the same key, such as `SHOP_A__B` and `SHOP_a__b`, the later in the environment counts, with a warning in
/// the log.
///
/// A key with a default has the type of the default: a variable that says something else is refused by its
/// name and what is expected, never with its value. Such a variable counts as not given when it is empty,
/// unless it is a text. A number stays as it is written; a boolean becomes `true` or `false`. A member of a
/// mapping that the variable does not give, or gives as null, is that of the default; a member that has a
/// default of its own, such as `redis.keepalive.idle`, has its type, and its own variable counts before the
/// member. In a LayeredConfig, a default gives way to what other layers give.
class EnvironmentConfig : public StoredConfig {
 public:
  using Options = EnvironmentConfigOptions;

  /// Throws std::invalid_argument with the first of `options.complaints()`, else with every value that is not
  /// of its type, else with everything that the validators say. A default that is a mapping is
  /// read by `context.documents`, which a program sets to `file_documents()` of the loaders; without it
  /// std::logic_error is thrown.
  explicit EnvironmentConfig(const EnvironmentConfigOptions& options = {},
                             const ComponentContext& context = {});

  [[nodiscard]] bool has_session(std::string_view name) const override;
  [[nodiscard]] std::shared_ptr<IConfigSession> get_session(std::string_view name) const override;
};

}  // namespace cachesite
