#include "redis/lent/raw_command.hpp"

#include "redis/wire/server_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string>
#include <utility>

namespace cachesite::redis {

namespace {

constexpr std::size_t most_arguments = std::size_t{1} << 20;
constexpr std::size_t largest_argument = std::size_t{512} * 1024 * 1024;

std::string upper(std::string_view text) {
  std::string capitals(text.substr(0, 32));
  for (char& character : capitals)
    if (character >= 'a' && character <= 'z') character = static_cast<char>(character - 'a' + 'A');
  return capitals;
}

template <std::size_t Size>
bool is_one_of(std::string_view name, const std::array<std::string_view, Size>& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

constexpr std::array<std::string_view, 12> waiting_names{"BLPOP",  "BRPOP",    "BLMOVE",   "BRPOPLPUSH",
                                                         "BLMPOP", "BZPOPMIN", "BZPOPMAX", "BZMPOP",
                                                         "WAIT",   "WAITAOF",  "XREAD",    "XREADGROUP"};
constexpr std::array<std::string_view, 12> stateful_names{"SELECT", "AUTH",    "HELLO",    "RESET",
                                                          "QUIT",   "MULTI",   "EXEC",     "DISCARD",
                                                          "WATCH",  "UNWATCH", "READONLY", "READWRITE"};
constexpr std::array<std::string_view, 9> streaming_names{"SUBSCRIBE",   "PSUBSCRIBE",   "SSUBSCRIBE",
                                                          "UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE",
                                                          "MONITOR",     "SYNC",         "PSYNC"};
// Commands whose error may come after part of their work.
constexpr std::array<std::string_view, 6> script_names{"EVAL", "EVALSHA", "FCALL",
                                                       "EXEC", "EVAL_RO", "EVALSHA_RO"};

// The place of a word among the arguments; 0 when it is not there.
std::size_t find_word(const RedisCommand& command, std::string_view word) {
  for (std::size_t index = 1; index < command.size(); ++index)
    if (command[index].size() == word.size() && upper(command[index]) == word) return index;
  return 0;
}

std::optional<double> number(std::string_view text) {
  const std::string terminated(text.substr(0, 64));
  char* end = nullptr;
  const double value = std::strtod(terminated.c_str(), &end);
  if (end == terminated.c_str() || *end != '\0' || !std::isfinite(value)) return std::nullopt;
  return value;
}

}  // namespace

CommandNature nature_of(const RedisCommand& command) {
  const std::string name = upper(command.name());
  if (is_one_of(name, streaming_names)) return CommandNature::streaming;
  if (is_one_of(name, stateful_names)) return CommandNature::stateful;
  if (name == "CLIENT" && command.size() > 1) {
    const std::string what = upper(command[1]);
    if (what == "REPLY") return CommandNature::streaming;
    if (what == "SETNAME" || what == "TRACKING" || what == "CACHING" || what == "NO-EVICT" ||
        what == "NO-TOUCH")
      return CommandNature::stateful;
  }
  if (name == "XREAD" || name == "XREADGROUP") {
    // Only the words before STREAMS are options: behind it there may be a stream called BLOCK.
    const auto block = find_word(command, "BLOCK");
    const auto streams = find_word(command, "STREAMS");
    return block != 0 && (streams == 0 || block < streams) ? CommandNature::waiting : CommandNature::usual;
  }
  return is_one_of(name, waiting_names) ? CommandNature::waiting : CommandNature::usual;
}

std::optional<std::chrono::milliseconds> waiting_time(const RedisCommand& command) {
  const std::string name = upper(command.name());
  std::size_t place = command.size() - 1;  // most have it at the end, in seconds
  double unit = 1000;
  if (name == "XREAD" || name == "XREADGROUP") {
    place = find_word(command, "BLOCK") + 1;
    unit = 1;
  } else if (name == "BLMPOP" || name == "BZMPOP") {
    place = 1;
  } else if (name == "WAIT" || name == "WAITAOF") {
    unit = 1;
  }
  if (place == 0 || place >= command.size()) return std::chrono::milliseconds(0);
  const auto value = number(command[place]);
  if (!value) return std::chrono::milliseconds(0);  // the server will refuse it at once
  const double milliseconds = *value * unit;
  if (milliseconds <= 0 || milliseconds > 1e12) return std::nullopt;
  return std::chrono::milliseconds(static_cast<std::int64_t>(milliseconds) + 1);
}

std::optional<Error> check_command(const RedisCommand& command) {
  if (command.name().empty()) return Error(ErrorCode::bad_argument, "a command needs a name");
  if (command.size() > most_arguments)
    return Error(ErrorCode::too_large, "a command has at most 1048576 arguments");
  for (std::size_t index = 0; index < command.size(); ++index)
    if (command[index].size() > largest_argument)
      return Error(ErrorCode::too_large, "an argument is at most 512 MiB long");
  if (command.timeout() && command.timeout()->count() < 1)
    return Error(ErrorCode::bad_argument, "a timeout is at least 1 ms");
  return std::nullopt;
}

RawCommand::RawCommand(const RedisCommand& command) : repeatable_(command.is_repeatable()) {
  arguments_.reserve(command.size());
  for (std::size_t index = 0; index < command.size(); ++index)
    arguments_.push_back({command[index]});
}

RedisValue to_value(Reply&& reply) {
  switch (reply.kind) {
    case ReplyKind::none:
    case ReplyKind::nil:
      return {};
    case ReplyKind::integer:
      return RedisValue(reply.integer);
    case ReplyKind::status:
    case ReplyKind::bulk:
      return RedisValue(std::move(reply.value));
    case ReplyKind::error:
      return RedisValue(std::move(reply.value), RedisValue::Kind::error);
    case ReplyKind::array:
      break;
  }
  std::vector<RedisValue> elements;
  elements.reserve(reply.elements.size());
  for (auto& element : reply.elements)
    elements.push_back(to_value(std::move(element)));
  return RedisValue(std::move(elements));
}

bool runs_script(const RedisCommand& command) {
  return is_one_of(upper(command.name()), script_names);
}

Result<RedisValue> to_result(Reply&& reply, const RedisCommand& command) {
  return to_result(std::move(reply), reply.kind == ReplyKind::error && runs_script(command));
}

Result<RedisValue> to_result(Reply&& reply, bool runs_script) {
  if (reply.kind != ReplyKind::error) return to_value(std::move(reply));
  const std::string_view text = reply.text();
  const bool refused_at_once = text.starts_with("NOSCRIPT") || text.starts_with("NOPERM") ||
                               text.starts_with("ERR Error compiling") || text.starts_with("EXECABORT");
  return Error(ErrorCode::refused, readable_server_error(text),
               runs_script && !refused_at_once ? Outcome::unknown : Outcome::not_done);
}

}  // namespace cachesite::redis
