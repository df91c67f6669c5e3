#include "logging/log_sink.hpp"

#include "logging/log_line.hpp"

#include <cachesite/detail/log_text.hpp>
#include <cachesite/spdlog_logger.hpp>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <spdlog/details/log_msg.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <unistd.h>

namespace cachesite {

std::vector<std::pair<std::string, LogLevel>> log_level_words() {
  return {{"debug", LogLevel::debug}, {"info", LogLevel::info},         {"warning", LogLevel::warning},
          {"error", LogLevel::error}, {"critical", LogLevel::critical}, {"off", LogLevel::off}};
}

ParameterTable LogSinkOptions::parameters() {
  using O = LogSinkOptions;
  return {
      parameter("kind", &O::kind, "The standard error stream, or a file.")
          .choices({{"console", Kind::console}, {"file", Kind::file}}),
      parameter("format", &O::format, "How a message is written: a line of text, or a JSON object in a line.")
          .choices({{"text", LogFormat::text}, {"json", LogFormat::json}}),
      parameter("level", &O::level, "Messages below this level do not go here, whatever their topic allows.")
          .choices(log_level_words()),
      parameter(
          "path", &O::path,
          "The file. Its folder is created when it is missing; anything but a regular file is refused."),
      parameter("max_bytes", &O::max_bytes,
                "A file that would grow beyond this is renamed to name.1.ext, and a new one is started.")
          .between(ByteSize{1024}, ByteSize{std::uint64_t{1024} * 1024 * 1024 * 1024}),
      parameter("old_files", &O::old_files, "Number of renamed files that are kept.").between(0, 1000),
  };
}

namespace logging {

namespace {

namespace fs = std::filesystem;

// Opening a pipe waits for its reader, and a file that is put aside is renamed: no path of a device may be.
void require_regular_file(const std::string& path) {
  std::error_code fault;
  const auto status = fs::status(path, fault);
  if (fs::exists(status) && !fs::is_regular_file(status))
    throw std::runtime_error("the log " + path + " is not a regular file");
}

// Whether the file could be opened, without making it or its folder: who checks leaves nothing behind.
void require_writable(const std::string& path) {
  require_regular_file(path);
  std::error_code fault;
  fs::path place = path;
  while (!fs::exists(place, fault) && place.has_relative_path())
    place = place.parent_path();
  if (place.empty()) place = ".";
  const bool is_folder = fs::is_directory(place, fault);
  if (!is_folder && place != path)
    throw std::runtime_error("cannot write the log " + path + ": " + place.string() + " is no folder");
  if (::faccessat(AT_FDCWD, place.c_str(), is_folder ? W_OK | X_OK : W_OK, AT_EACCESS) != 0)
    throw std::runtime_error("cannot write the log " + path + ": " + std::generic_category().message(errno));
}

// Without locks of their own: a thread of the parent may hold them when the process is forked.
std::unique_ptr<spdlog::sinks::sink> open_sink(const LogSinkOptions& options) {
  if (options.kind == LogSinkOptions::Kind::console) return std::make_unique<spdlog::sinks::stderr_sink_st>();
  require_regular_file(options.path);
  return std::make_unique<spdlog::sinks::rotating_file_sink_st>(
      options.path, static_cast<std::size_t>(options.max_bytes.bytes), options.old_files);
}

std::unique_ptr<spdlog::sinks::sink> make_sink(const LogSinkOptions& options) {
  auto sink = open_sink(options);
  sink->set_pattern(options.format == LogFormat::json ? "%v" : "%Y-%m-%dT%H:%M:%S.%e %l %v");
  return sink;
}

}  // namespace

LogSink::LogSink(const LogSinkOptions& options) : options_(options) {
  if (options_.kind == LogSinkOptions::Kind::file)
    require_writable(options_.path);
  else
    open();
}

void LogSink::open() {
  Output& output = output_.get();
  const std::lock_guard lock(output.mutex);
  if (!output.sink) output.sink = make_sink(options_);
}

void LogSink::write(LogLevel level, std::string_view topic, std::string_view message,
                    std::span<const LogAttribute> attributes) {
  const auto now = std::chrono::system_clock::now();
  const std::string line = options_.format == LogFormat::json
                               ? json_line(now, level, topic, message, attributes)
                               : detail::log_text(topic, message, attributes);
  Output& output = output_.get();
  const std::lock_guard lock(output.mutex);
  if (!output.sink) output.sink = make_sink(options_);
  output.sink->log(spdlog::details::log_msg(now, {}, "cachesite", detail::spdlog_level(level),
                                            spdlog::string_view_t(line.data(), line.size())));
  output.sink->flush();
}

}  // namespace logging

}  // namespace cachesite
