#pragma once

#include <cachesite/config.hpp>
#include <cachesite/parameter.hpp>
#include <cachesite/reference.hpp>

#include <string>
#include <utility>

namespace cachesite {

/// A base for the options of a component that takes parameters from a configuration: whatever the component
/// file does not give is looked up, by the parameter's name, in the session `config_session` of `config`,
/// and is the default when it is not there either. An empty text counts as not there, and so does 0 where 0
/// is not allowed. Parameters that `ParameterTable::only_in_files` names are not looked up. The site does
/// all this before it makes the component; the options struct only derives from this one and puts its
/// parameters into its own table:
///
///     inherited_parameters<MyOptions, SessionOptions>()
///
/// Each member is the parameter of its name; `parameters()` says what it means.
struct SessionOptions {
  /// `session_name` is the session unless the file names another.
  explicit SessionOptions(std::string session_name) : config_session(std::move(session_name)) {}

  DefaultReference<IConfig> config;
  std::string config_session;

  /// Whether values are taken at all. An options struct may hide this with a rule of its own.
  [[nodiscard]] bool uses_session() const noexcept { return !config.is_declined(); }

  static ParameterTable parameters();
};

}  // namespace cachesite
