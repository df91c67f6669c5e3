#pragma once

#include <cachesite/config.hpp>
#include <cachesite/parameter.hpp>
#include <cachesite/reference.hpp>

#include <string>
#include <utility>

namespace cachesite {

/// A base for the options of a component that takes parameters from a configuration: a parameter that the
/// component file does not give is looked up, by its name, in the session `config_session` of `config`, and
/// otherwise has its default. An empty text counts as missing, and so does 0 where 0 is not allowed.
/// Parameters of `ParameterTable::only_in_files` are not looked up. The site does this before it creates the
/// component; the options struct only derives from this one and adds its parameters to its own table:
///
///     inherited_parameters<MyOptions, SessionOptions>()
///
/// Each member is the parameter of its name; `parameters()` explains it.
struct SessionOptions {
  /// `session_name` is the session unless the file names another.
  explicit SessionOptions(std::string session_name) : config_session(std::move(session_name)) {}

  DefaultReference<IConfig> config;
  std::string config_session;

  /// Whether the session is used. An options struct may hide this with its own rule.
  [[nodiscard]] bool uses_session() const noexcept { return !config.is_declined(); }

  static ParameterTable parameters();
};

}  // namespace cachesite
