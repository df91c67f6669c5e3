#include "logging/log_sink.hpp"

#include "logging/log_line.hpp"

#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <system_error>

#include <spdlog/details/log_msg.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

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
      parameter("format", &O::format, "A line of text, or a JSON object a line.")
          .choices({{"text", LogFormat::text}, {"json", LogFormat::json}}),
      parameter("level", &O::level, "Messages below this level do not go here.").choices(log_level_words()),
      parameter("path", &O::path, "The file; its folder is made when it is not there."),
      parameter("max_bytes", &O::max_bytes, "A file that would grow beyond this is put aside.")
          .between(ByteSize{1024}, ByteSize{std::uint64_t{1024} * 1024 * 1024 * 1024}),
      parameter("old_files", &O::old_files, "Files kept beside the one that is written.").between(0, 1000),
  };
}

namespace logging {

namespace {

// Opening a pipe waits for its reader, and a file that is put aside is renamed: no path of a device may be.
void require_regular_file(const std::string& path) {
  std::error_code fault;
  const auto status = std::filesystem::status(path, fault);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status))
    throw std::runtime_error("the log " + path + " is not a regular file");
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

spdlog::level::level_enum spdlog_level(LogLevel level) noexcept {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
    case LogLevel::critical:
      return spdlog::level::critical;
    case LogLevel::off:
      return spdlog::level::off;
  }
  return spdlog::level::off;
}

LogSink::LogSink(const LogSinkOptions& options) : options_(options) {
  output_->sink = make_sink(options_);
}

void LogSink::write(LogLevel level, std::string_view topic, std::string_view message,
                    std::span<const LogAttribute> attributes) {
  const auto now = std::chrono::system_clock::now();
  const std::string line = options_.format == LogFormat::json
                               ? json_line(now, level, topic, message, attributes)
                               : text_line(topic, message, attributes);
  Output& output = output_.get();
  const std::lock_guard lock(output.mutex);
  if (!output.sink) output.sink = make_sink(options_);
  output.sink->log(spdlog::details::log_msg(now, {}, "cachesite", spdlog_level(level),
                                            spdlog::string_view_t(line.data(), line.size())));
  output.sink->flush();
}

}  // namespace logging

}  // namespace cachesite
