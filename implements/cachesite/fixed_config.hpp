#pragma once

#include <cachesite/detail/stored_config.hpp>
#include <cachesite/parameter.hpp>
#include <cachesite/secret.hpp>

#include <string>
#include <vector>

namespace cachesite {

/// Settings of a FixedConfig, explained by `cachesite describe FixedConfig` and configs/reference.md.
struct FixedConfigOptions {
  std::vector<Secret> values;

  static ParameterTable parameters();
  [[nodiscard]] std::vector<OptionComplaint> complaints() const;
};

/// A configuration whose values are in the component file: the bottom layer of a LayeredConfig.
class FixedConfig final : public StoredConfig {
 public:
  using Options = FixedConfigOptions;

  /// Throws std::invalid_argument with the first of `options.complaints()`.
  explicit FixedConfig(const FixedConfigOptions& options);
};

}  // namespace cachesite
