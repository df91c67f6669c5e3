#pragma once

#include <cachesite/parameter.hpp>
#include <cachesite/stored_config.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace cachesite {

/// Settings of an EnvironmentConfig.
struct EnvironmentConfigOptions {
  /// What the names of the variables begin with.
  std::string prefix = "CACHESITE_";
  /// What stands between session and key.
  std::string separator = "__";

  static ParameterTable parameters();
  [[nodiscard]] std::vector<OptionComplaint> complaints() const;
};

/// The environment of the process as a configuration: the key `host` of the session `redis` is the variable
/// `CACHESITE_REDIS__HOST`. Names of sessions and keys are in small letters and count as equal to the
/// variable's when they are so after every other character than a letter or digit has become `_`. The
/// environment is read once, when the component is made, and never changed.
class EnvironmentConfig final : public StoredConfig {
 public:
  using Options = EnvironmentConfigOptions;

  /// Throws std::invalid_argument with the first of `options.complaints()`.
  explicit EnvironmentConfig(const EnvironmentConfigOptions& options = {});

  [[nodiscard]] bool has_session(std::string_view name) const override;
  [[nodiscard]] std::shared_ptr<IConfigSession> get_session(std::string_view name) const override;
};

}  // namespace cachesite
