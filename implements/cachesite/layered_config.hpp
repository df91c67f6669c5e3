#pragma once

#include <cachesite/config.hpp>
#include <cachesite/parameter.hpp>
#include <cachesite/reference.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite {

/// Settings of a LayeredConfig, explained by `cachesite describe LayeredConfig` and configs/reference.md.
struct LayeredConfigOptions {
  /// None may be a null pointer.
  std::vector<Reference<IConfig>> layers;

  static ParameterTable parameters();
};

/// Several configurations as one: a value is that of the last layer that gives it; values of any layer take
/// precedence over the default of another (see EnvironmentConfig). Every call asks the layers.
class LayeredConfig final : public IConfig {
 public:
  using Options = LayeredConfigOptions;

  /// Throws std::invalid_argument for an unset layer.
  explicit LayeredConfig(const LayeredConfigOptions& options);

  [[nodiscard]] std::vector<std::string> list_sessions() const override;
  [[nodiscard]] bool has_session(std::string_view name) const override;
  [[nodiscard]] std::shared_ptr<IConfigSession> get_session(std::string_view name) const override;

 private:
  std::vector<std::shared_ptr<IConfig>> layers_;
};

}  // namespace cachesite
