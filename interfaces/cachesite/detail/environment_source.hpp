#pragma once

#include <optional>
#include <string>

namespace cachesite {

/// What a component may know of the program's environment. The `documents` of a ComponentContext may be one:
/// that of a component file is, and knows nothing unless the file may be substituted in.
class IEnvironmentSource {
 public:
  virtual ~IEnvironmentSource() = default;

  /// The environment variable; nothing when it is not set, empty, or not to be seen. Safe from any thread
  /// while nobody changes the environment.
  [[nodiscard]] virtual std::optional<std::string> variable(const std::string& name) const = 0;
};

}  // namespace cachesite
