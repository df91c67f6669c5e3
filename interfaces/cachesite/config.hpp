#pragma once

#include <cachesite/component.hpp>
#include <cachesite/config_session.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite {

/// A configuration: named sessions of keys and values. All calls are safe from any thread.
class IConfig : public Interface<IConfig, "IConfig"> {
 public:
  /// The names of all sessions, sorted.
  [[nodiscard]] virtual std::vector<std::string> list_sessions() const = 0;

  /// Whether there is a session of that name.
  [[nodiscard]] virtual bool has_session(std::string_view name) const = 0;

  /// A copy of the session of that name; an empty one when there is none, never a null pointer.
  [[nodiscard]] virtual std::shared_ptr<IConfigSession> get_session(std::string_view name) const = 0;
};

}  // namespace cachesite
