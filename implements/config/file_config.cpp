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

void add_value(const Document& document, const std::string& key, const Node& node, SessionValues& values) {
  if (node.is_null()) return;
  if (node.is_map()) {
    for (const auto& member : node.members)
      add_value(document, key + "." + member.key, member.value, values);
    return;
  }
  std::string text = node.scalar;
  for (const auto& element : node.elements)
    if (element.is_scalar()) text.append(text.empty() ? "" : ",").append(element.scalar);
  values.insert_or_assign(key, ConfigValue{std::move(text), place_of(document, node.position)});
}

ConfigValues sessions_of(const Document& document) {
  ConfigValues sessions;
  if (document.root.is_null()) return sessions;
  if (!document.root.is_map())
    throw std::runtime_error(place_of(document, document.root.position) +
                             ": a configuration is a mapping of sessions, found " +
                             std::string(to_string(document.root.kind)));
  for (const auto& session : document.root.members) {
    auto& values = sessions[session.key];
    for (const auto& member : session.value.members)
      add_value(document, member.key, member.value, values);
  }
  return sessions;
}

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

ConfigValues read(const std::string& path, Format format, const ComponentContext& context) {
  try {
    const auto document = context.documents->read(path, format);
    return document ? sessions_of(*document) : ConfigValues();
  } catch (const LoadError& error) {
    throw std::runtime_error(in_one_line(error.problems()));
  }
}

ConfigValues read_as_wished(const FileConfigOptions& options, const ComponentContext& context, Format format,
                            std::string_view variable, std::string_view usual_path) {
  std::string path(usual_path);
  if (const char* named = std::getenv(std::string(variable).c_str()); named != nullptr && *named != '\0')
    path = named;
  if (options.path) path = *options.path;
  if (options.strict) return read(path, format, context);
  try {
    return read(path, format, context);
  } catch (const std::exception& error) {
    context.logger->log(LogLevel::error, "config", context.label + " is empty: " + error.what());
    return {};
  }
}

}  // namespace

ParameterTable FileConfigOptions::parameters() {
  using O = FileConfigOptions;
  return {parameter("path", &O::path,
                    "The file; without it CONFIG_JSON or CONFIG_YAML of the environment names it, else it is "
                    ".env.json or .env.yml."),
          parameter("strict", &O::strict,
                    "Whether a file that cannot be understood is a problem, or an error in the log.")};
}

FileConfig::FileConfig(const FileConfigOptions& options, const ComponentContext& context, Format format,
                       std::string_view variable, std::string_view usual_path)
    : StoredConfig(read_as_wished(options, context, format, variable, usual_path)) {}

JsonConfig::JsonConfig(const FileConfigOptions& options, const ComponentContext& context)
    : FileConfig(options, context, Format::json, "CONFIG_JSON", ".env.json") {}

YamlConfig::YamlConfig(const FileConfigOptions& options, const ComponentContext& context)
    : FileConfig(options, context, Format::yaml, "CONFIG_YAML", ".env.yml") {}

}  // namespace cachesite
