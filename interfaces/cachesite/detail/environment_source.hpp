#pragma once

#include <optional>
#include <string>

namespace cachesite {

/// The part of the environment that a component may read. The `documents` of a ComponentContext may be one:
/// for a component file it is, and is empty unless substitution is allowed.
class IEnvironmentSource {
 public:
  virtual ~IEnvironmentSource() = default;

  /// The environment variable; empty when it is unset, empty, or hidden. Safe from any thread while the
  /// environment does not change.
  [[nodiscard]] virtual std::optional<std::string> variable(const std::string& name) const = 0;
};

}  // namespace cachesite
