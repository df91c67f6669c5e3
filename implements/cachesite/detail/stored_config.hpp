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
  bool list = false;   ///< the text is the elements of a list, joined by commas
  bool usual = false;  ///< a default, which gives way to what another configuration says
};

/// A session that knows which of its values were written as lists, whose elements `get_value` joins, and
/// which are defaults.
class IListSession {
 public:
  virtual ~IListSession() = default;
  /// False for a value that was written as a text, and for a key that is not there.
  [[nodiscard]] virtual bool is_list(std::string_view key) const = 0;
  /// False for a value that somebody gave, and for a key that is not there.
  [[nodiscard]] virtual bool is_default(std::string_view) const { return false; }
};

/// True when the session knows that the value was written as a list.
[[nodiscard]] bool is_list(const IConfigSession& session, std::string_view key);

/// True when the session knows that the value is a default.
[[nodiscard]] bool is_default(const IConfigSession& session, std::string_view key);

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
