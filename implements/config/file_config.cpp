#include "config/typed_value.hpp"

#include <cachesite/detail/problem_text.hpp>
#include <cachesite/file_config.hpp>
#include <cachesite/problem.hpp>

#include <cstdlib>
#include <stdexcept>
#include <utility>

namespace cachesite {

namespace {

constexpr std::size_t problems_told = 5;

std::string place_of(const Document& document, Position position) {
  return document.name + ":" + std::to_string(position.line) + ":" + std::to_string(position.column);
}

/// Warns of what no session can have, and leaves it out.
class SessionsReader {
 public:
  SessionsReader(const Document& document, const ComponentContext& context)
      : document_(document), context_(context) {}

  ConfigValues read() {
    const Node& root = document_.root;
    if (!root.is_null() && !root.is_map())
      throw std::runtime_error(place_of(document_, root.position) +
                               ": a configuration is a mapping of sessions, found " +
                               std::string(to_string(root.kind)));
    for (const auto& session : root.members)
      read_session(session);
    return std::move(sessions_);
  }

 private:
  void read_session(const NodeMember& session) {
    const Node& value = session.value;
    if (!value.is_map() && !value.is_null()) {
      warn(value,
           "\"" + printable(session.key) + "\" is in no session: a configuration is a mapping of sessions");
      return;
    }
    auto& values = sessions_[session.key];
    for (const auto& member : value.members)
      config::add_node(
          member.key, member.value, values,
          [this](const Node& node) { return place_of(document_, node.position); },
          [this](const Node& element) {
            warn(element,
                 "an element of a list is a single value, found " + std::string(to_string(element.kind)));
          });
  }

  void warn(const Node& node, const std::string& sentence) {
    context_.logger->log(
        LogLevel::warning, "config",
        context_.label + " ignores a setting: " + place_of(document_, node.position) + ": " + sentence);
  }

  const Document& document_;
  const ComponentContext& context_;
  ConfigValues sessions_;
};

// Without the lines of the file: it may hold secrets anywhere.
std::string in_one_line(const std::vector<Problem>& problems) {
  std::string text;
  for (std::size_t index = 0; index < problems.size() && index < problems_told; ++index) {
    const auto& problem = problems[index];
    text.append(text.empty() ? "" : "; ").append(problem.file);
    if (problem.position.line != 0)
      text.append(":")
          .append(std::to_string(problem.position.line))
          .append(":")
          .append(std::to_string(problem.position.column));
    text.append(": ").append(problem.message);
  }
  return text;
}

Format format_of(const std::string& path, std::optional<Format> format) {
  if (!format)
    if (const auto dot = path.rfind('.'); dot != std::string::npos)
      format = format_from_name(path.substr(dot + 1));
  if (!format)
    throw std::runtime_error(path +
                             ": the format is not clear from the name: the extension has to be .yaml, .yml, "
                             ".json, .toml or .tml");
  return *format;
}

ConfigValues read(const std::string& path, std::optional<Format> format, const ComponentContext& context) {
  try {
    const auto document = context.documents->read(path, format_of(path, format));
    return document ? SessionsReader(*document, context).read() : ConfigValues();
  } catch (const LoadError& error) {
    throw std::runtime_error(in_one_line(error.problems()));
  }
}

std::string path_of(const FileConfigOptions& options, std::string_view variable,
                    std::string_view usual_path) {
  if (options.path) return *options.path;
  if (const char* named = std::getenv(std::string(variable).c_str()); named != nullptr && *named != '\0')
    return named;
  return std::string(usual_path);
}

ConfigValues read_as_wished(const FileConfigOptions& options, const ComponentContext& context,
                            std::optional<Format> format, std::string_view variable,
                            std::string_view usual_path) {
  const auto path = path_of(options, variable, usual_path);
  if (options.strict) return read(path, format, context);
  try {
    return read(path, format, context);
  } catch (const std::exception& error) {
    context.logger->log(LogLevel::error, "config", context.label + " is empty: " + error.what());
    return {};
  }
}

template <class O>
ParameterTable parameters_of(std::string_view path_text, std::string_view usual_path) {
  return {parameter<O, std::optional<std::string>>("path", &O::path, path_text).computed_default(usual_path),
          parameter<O, bool>("strict", &O::strict,
                             "Whether an unreadable file stops loading (true), or is an error in the log and "
                             "counts as empty (false).")};
}

constexpr std::string_view its_text = "The file, relative to the working directory.";

}  // namespace

ParameterTable FileConfigOptions::parameters() {
  return parameters_of<FileConfigOptions>(
      "The file, relative to the working directory. Its extension says how it is written: .yaml, .yml, "
      ".json, "
      ".toml or .tml; any other is refused, even when there is no such file.",
      "CONFIG_FILE of the environment, otherwise .env.yml");
}

ParameterTable JsonConfigOptions::parameters() {
  return parameters_of<JsonConfigOptions>(its_text, "CONFIG_JSON of the environment, otherwise .env.json");
}

ParameterTable YamlConfigOptions::parameters() {
  return parameters_of<YamlConfigOptions>(its_text, "CONFIG_YAML of the environment, otherwise .env.yml");
}

ParameterTable TomlConfigOptions::parameters() {
  return parameters_of<TomlConfigOptions>(its_text, "CONFIG_TOML of the environment, otherwise .env.toml");
}

FileConfig::FileConfig(const FileConfigOptions& options, const ComponentContext& context)
    : FileConfig(options, context, std::nullopt, "CONFIG_FILE", ".env.yml") {}

FileConfig::FileConfig(const FileConfigOptions& options, const ComponentContext& context,
                       std::optional<Format> format, std::string_view variable, std::string_view usual_path)
    : StoredConfig(read_as_wished(options, context, format, variable, usual_path)) {}

JsonConfig::JsonConfig(const FileConfigOptions& options, const ComponentContext& context)
    : FileConfig(options, context, Format::json, "CONFIG_JSON", ".env.json") {}

YamlConfig::YamlConfig(const FileConfigOptions& options, const ComponentContext& context)
    : FileConfig(options, context, Format::yaml, "CONFIG_YAML", ".env.yml") {}

TomlConfig::TomlConfig(const FileConfigOptions& options, const ComponentContext& context)
    : FileConfig(options, context, Format::toml, "CONFIG_TOML", ".env.toml") {}

}  // namespace cachesite
