#pragma once

#include <cachesite/bytes.hpp>
#include <cachesite/logger.hpp>
#include <cachesite/parameter.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace cachesite {

/// How a message is written.
enum class LogFormat : std::uint8_t {
  /// One line: time, level, topic, message, attributes as `name=value`.
  text,
  /// One JSON object a line: `time`, `level`, `topic`, `message`, and each attribute as a member of its own.
  json,
};

/// The words for levels in files, to declare a parameter.
[[nodiscard]] std::vector<std::pair<std::string, LogLevel>> log_level_words();

/// A destination of messages, explained in configs/reference.md.
struct LogSinkOptions {
  enum class Kind : std::uint8_t { console, file };

  Kind kind = Kind::console;
  LogFormat format = LogFormat::text;
  LogLevel level = LogLevel::debug;
  std::string path;
  ByteSize max_bytes{std::uint64_t{10} * 1024 * 1024};
  std::uint32_t old_files = 5;

  static ParameterTable parameters();
};

}  // namespace cachesite
