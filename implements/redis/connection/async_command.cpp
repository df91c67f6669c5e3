#include "redis/connection/async_command.hpp"

#include <array>
#include <exception>
#include <utility>

namespace cachesite::redis {

AsyncCommand::AsyncCommand(Endpoint& endpoint, const RedisCommand& command,
                           std::chrono::milliseconds patience)
    : endpoint_(endpoint), command_(&command), runs_script_(runs_script(command)), patience_(patience) {}

AsyncCommand::AsyncCommand(Endpoint& endpoint, RedisCommand by_digest, RedisCommand by_text,
                           std::chrono::milliseconds patience)
    : endpoint_(endpoint),
      command_(nullptr),
      by_digest_(std::move(by_digest)),
      by_text_(std::move(by_text)),
      runs_script_(true),
      patience_(patience) {}

bool AsyncCommand::begin(cachesite::detail::OperationCaller& caller) noexcept try {
  const RawCommand first(command_ != nullptr ? *command_ : *by_digest_);
  const Command asked = first.command();
  if (!by_text_) return begin_call(endpoint_, {{&asked, 1}, nullptr}, patience_, caller);
  const RawCommand second(*by_text_);
  const Command text = second.command();
  return begin_call(endpoint_, {{&asked, 1}, &text}, patience_, caller);
} catch (const std::exception&) {
  return true;
}

Result<RedisValue> AsyncCommand::take_result() noexcept try {
  const Status ended = status();
  if (!ended.ok()) return ended.error();
  return to_result(std::move(call().answer()), runs_script_);
} catch (const std::exception&) {
  return Error(ErrorCode::no_memory, "", Outcome::unknown);
}

AsyncPipeline::AsyncPipeline(Endpoint& endpoint, std::span<const RedisCommand> commands,
                             std::chrono::milliseconds patience)
    : endpoint_(endpoint), commands_(commands), patience_(patience) {
  results_.reserve(commands.size());
  for (const RedisCommand& command : commands)
    runs_script_.push_back(runs_script(command));
}

bool AsyncPipeline::begin(cachesite::detail::OperationCaller& caller) noexcept try {
  if (commands_.empty()) return true;
  std::vector<RawCommand> raw;
  raw.reserve(commands_.size());
  std::vector<Command> asked;
  asked.reserve(commands_.size());
  for (const RedisCommand& command : commands_)
    asked.push_back(raw.emplace_back(command).command());
  return begin_call(endpoint_, {asked, nullptr}, patience_, caller);
} catch (const std::exception&) {
  return true;
}

Result<std::vector<Result<RedisValue>>> AsyncPipeline::take_result() noexcept try {
  if (runs_script_.empty()) return std::move(results_);
  const Status ended = status();
  const std::size_t count = runs_script_.size();
  const bool begun = ended.ok() || ended.error().code() != ErrorCode::no_memory;
  const auto answers = begun ? call().answers() : std::span<Reply>();
  for (std::size_t index = 0; index < count; ++index)
    if (index < answers.size() && answers[index].kind != ReplyKind::none)
      results_.push_back(to_result(std::move(answers[index]), runs_script_[index]));
    else
      results_.push_back(ended.ok() ? Error(ErrorCode::protocol) : ended.error());
  return std::move(results_);
} catch (const std::exception&) {
  return Error(ErrorCode::no_memory, "", Outcome::unknown);
}

}  // namespace cachesite::redis
