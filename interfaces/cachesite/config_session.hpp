#pragma once

#include <cachesite/component.hpp>

#include <cstdint>
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
/// A session belongs to whoever asked for it: it is a copy, so setting and deleting change nothing but the
/// session itself. Values are texts, whatever the file wrote. A list is the texts of its elements joined by
/// commas; a mapping's members are keys of their own (`keepalive.idle`); a key whose value is null is not
/// there. Not safe from several threads at once.
class IConfigSession : public Interface<IConfigSession, "IConfigSession"> {
 public:
  /// All keys, sorted.
  [[nodiscard]] virtual std::vector<std::string> list_keys() const = 0;

  /// The text of a value; nothing when the key is not there.
  [[nodiscard]] virtual std::optional<std::string> get_value(std::string_view key) const = 0;

  /// Gives a key a value in this session. True: it always can.
  virtual bool set_value(std::string_view key, std::string_view value) = 0;

  /// Takes a key out of this session; false when it was not there.
  virtual bool delete_value(std::string_view key) = 0;

  /// Where the value of a key comes from, such as `settings.yml:3:9`; empty when the key is not there.
  [[nodiscard]] virtual std::string origin(std::string_view key) const = 0;

  /// A decimal whole number. Nothing when the key is not there; throws ConfigValueError for anything else.
  [[nodiscard]] std::optional<std::int64_t> get_integer(std::string_view key) const;

  /// A decimal number. Nothing when the key is not there; throws ConfigValueError for anything else.
  [[nodiscard]] std::optional<double> get_real(std::string_view key) const;

  /// `true`, `yes`, `on`, `1`, or `false`, `no`, `off`, `0`, in letters of any case. Nothing when the key is
  /// not there; throws ConfigValueError for anything else.
  [[nodiscard]] std::optional<bool> get_boolean(std::string_view key) const;

 private:
  template <class Number>
  std::optional<Number> number(std::string_view key, std::string_view what) const;

  [[nodiscard]] ConfigValueError wrong(std::string_view key, std::string_view expected) const;
};

}  // namespace cachesite
