#pragma once

#include <cachesite/component_context.hpp>
#include <cachesite/detail/stored_config.hpp>
#include <cachesite/document.hpp>
#include <cachesite/parameter.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace cachesite {

/// Settings of a FileConfig, JsonConfig, YamlConfig or TomlConfig, explained by `cachesite describe
/// FileConfig` and configs/reference.md.
struct FileConfigOptions {
  std::optional<std::string> path;
  bool strict = true;

  static ParameterTable parameters();
};

/// Settings of a JsonConfig: those of a FileConfig.
struct JsonConfigOptions : FileConfigOptions {
  static ParameterTable parameters();
};

/// Settings of a YamlConfig: those of a FileConfig.
struct YamlConfigOptions : FileConfigOptions {
  static ParameterTable parameters();
};

/// Settings of a TomlConfig: those of a FileConfig.
struct TomlConfigOptions : FileConfigOptions {
  static ParameterTable parameters();
};

/// A file as a configuration: a mapping of sessions, each a mapping of keys to values. It is read once, when
/// the component is created, with the reader of component files: the same limits, and `${env:...}` if the
/// program allows it. A missing file is an empty configuration. A session that is not a mapping is empty. The
/// extension gives the format: `.yaml`, `.yml`, `.json`, `.toml` or `.tml`; any other is refused, even if the
/// file is missing. The classes below read every file in their own format.
class FileConfig : public StoredConfig {
 public:
  using Options = FileConfigOptions;

  /// Throws std::runtime_error with every problem of an invalid file, and for an unknown extension.
  explicit FileConfig(const FileConfigOptions& options, const ComponentContext& context);

 protected:
  FileConfig(const FileConfigOptions& options, const ComponentContext& context, std::optional<Format> format,
             std::string_view variable, std::string_view usual_path);
};

/// A configuration in JSON.
class JsonConfig final : public FileConfig {
 public:
  using Options = JsonConfigOptions;

  /// Throws std::runtime_error with every problem of an invalid file.
  explicit JsonConfig(const FileConfigOptions& options, const ComponentContext& context);
};

/// A configuration in YAML.
class YamlConfig final : public FileConfig {
 public:
  using Options = YamlConfigOptions;

  /// Throws std::runtime_error with every problem of an invalid file.
  explicit YamlConfig(const FileConfigOptions& options, const ComponentContext& context);
};

/// A configuration in TOML.
class TomlConfig final : public FileConfig {
 public:
  using Options = TomlConfigOptions;

  /// Throws std::runtime_error with every problem of an invalid file.
  explicit TomlConfig(const FileConfigOptions& options, const ComponentContext& context);
};

}  // namespace cachesite
