#pragma once

#include <cachesite/config.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite {

/// A value of a session, and where it comes from.
struct ConfigValue {
  std::string text;
  std::string origin;
};

/// The values of a session by key.
using SessionValues = std::map<std::string, ConfigValue, std::less<>>;

/// The sessions of a configuration by name.
using ConfigValues = std::map<std::string, SessionValues, std::less<>>;

/// Makes a session that holds these values.
[[nodiscard]] std::shared_ptr<IConfigSession> make_config_session(SessionValues values);

/// A configuration whose values are known from the start and never change. A program can make one for its own
/// defaults; the built-in configurations derive from it.
class StoredConfig : public IConfig {
 public:
  explicit StoredConfig(ConfigValues values = {});

  [[nodiscard]] std::vector<std::string> list_sessions() const override;
  [[nodiscard]] bool has_session(std::string_view name) const override;
  [[nodiscard]] std::shared_ptr<IConfigSession> get_session(std::string_view name) const override;

 private:
  ConfigValues values_;
};

}  // namespace cachesite
