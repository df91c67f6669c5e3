#pragma once

#include <cachesite/component.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite {

/// Thrown by the typed getters of a session for a value of another type. The message names the key, where its
/// value comes from and what was expected, never the value.
class ConfigValueError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The keys and values of one part of a configuration, such as all that concerns `redis`.
///
/// A session is a copy: setting and deleting change only this session. Values are texts, whatever their type
/// in the file. A list is the texts of its elements, joined by commas; the members of a mapping are keys of
/// their own (`keepalive.idle`); a key with the value null is absent. Not safe from several threads at once.
class IConfigSession : public Interface<IConfigSession, "IConfigSession"> {
 public:
  /// All keys, sorted.
  [[nodiscard]] virtual std::vector<std::string> list_keys() const = 0;

  /// The text of a value; empty when the key is absent.
  [[nodiscard]] virtual std::optional<std::string> get_value(std::string_view key) const = 0;

  /// Sets a key in this session. Always true.
  virtual bool set_value(std::string_view key, std::string_view value) = 0;

  /// Removes a key from this session; false when it was absent.
  virtual bool delete_value(std::string_view key) = 0;

  /// Where the value of a key comes from, such as `settings.yml:3:9`; empty when the key is absent.
  [[nodiscard]] virtual std::string origin(std::string_view key) const = 0;

  /// A decimal integer. Empty when the key is absent; throws ConfigValueError for any other value.
  [[nodiscard]] std::optional<std::int64_t> get_integer(std::string_view key) const;

  /// A decimal number. Empty when the key is absent; throws ConfigValueError for any other value.
  [[nodiscard]] std::optional<double> get_real(std::string_view key) const;

  /// `true`, `yes`, `on`, `1`, or `false`, `no`, `off`, `0`, in upper or lower case. Empty when the key is
  /// absent; throws ConfigValueError for any other value.
  [[nodiscard]] std::optional<bool> get_boolean(std::string_view key) const;

 private:
  template <class Number>
  std::optional<Number> number(std::string_view key, std::string_view what) const;

  [[nodiscard]] ConfigValueError wrong(std::string_view key, std::string_view expected) const;
};

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
