#include "redis/lent/exclusive_session.hpp"

#include "redis/lent/pipeline_result.hpp"
#include "redis/lent/raw_command.hpp"
#include "redis/wire/server_text.hpp"

#include <cachesite/detail/guarded_call.hpp>

#include <utility>

namespace cachesite::redis {

ExclusiveSession::ExclusiveSession(std::shared_ptr<ExclusivePool> pool, ExclusivePool::Lease lease,
                                   std::chrono::milliseconds patience, std::string place)
    : pool_(std::move(pool)), lease_(std::move(lease)), patience_(patience), place_(std::move(place)) {}

ExclusiveSession::~ExclusiveSession() {
  if (watching_ || changed_) lease_->abandon(Error(ErrorCode::closed));
}

std::optional<Error> ExclusiveSession::check(const RedisCommand& command) {
  if (auto problem = check_command(command)) return problem;
  switch (nature_of(command)) {
    case CommandNature::streaming:
      return Error(ErrorCode::bad_argument, "a command with several answers cannot be sent here");
    case CommandNature::stateful:
      changed_ = true;
      break;
    case CommandNature::usual:
    case CommandNature::waiting:
      break;
  }
  return std::nullopt;
}

Result<RedisValue> ExclusiveSession::send(const RedisCommand& command) {
  auto time = CallTime::from_now(command.timeout().value_or(patience_));
  if (!command.timeout() && nature_of(command) == CommandNature::waiting) {
    const auto waiting = waiting_time(command);
    time.deadline = waiting ? time.deadline + *waiting : TimePoint::max();
  }
  auto done = run_pipeline(*lease_, {&command, 1}, time, place_);
  if (done.failure) return done.failure_of(0);
  return to_result(std::move(done.replies.front()), command);
}

Result<RedisValue> ExclusiveSession::call(const RedisCommand& command) noexcept {
  return guarded_call<RedisValue>(
      [&]() -> Result<RedisValue> {
        if (auto problem = check(command)) return *problem;
        return send(command);
      },
      Outcome::unknown);
}

std::vector<Result<RedisValue>> ExclusiveSession::pipeline(std::span<const RedisCommand> commands) {
  std::vector<Result<RedisValue>> results;
  results.reserve(commands.size());
  for (const auto& command : commands)
    if (auto problem = check(command)) {
      results.assign(commands.size(), Result<RedisValue>(*problem));
      return results;
    }
  auto done = run_pipeline(*lease_, commands, CallTime::from_now(patience_), place_);
  for (std::size_t index = 0; index < commands.size(); ++index) {
    if (index < done.replies.size())
      results.push_back(to_result(std::move(done.replies[index]), commands[index]));
    else
      results.emplace_back(done.failure_of(index));
  }
  return results;
}

Status ExclusiveSession::watch(std::span<const std::string_view> keys) noexcept {
  return guarded_call<Done>([&]() -> Status {
    RedisCommand command("WATCH");
    for (const auto key : keys)
      command.add(key);
    watching_ = true;
    const auto reply = send(command);
    return reply.ok() ? Status(Done{}) : Status(reply.error());
  });
}

Status ExclusiveSession::discard() noexcept {
  return guarded_call<Done>([&]() -> Status {
    const auto reply = send(RedisCommand("UNWATCH"));
    if (!reply.ok()) return reply.error();
    watching_ = false;
    return Done{};
  });
}

Result<RedisTransaction> ExclusiveSession::execute(std::span<const RedisCommand> commands) noexcept {
  return guarded_call<RedisTransaction>(
      [&]() -> Result<RedisTransaction> {
        for (const auto& command : commands) {
          if (auto problem = check_command(command)) return *problem;
          const auto nature = nature_of(command);
          if (nature == CommandNature::stateful || nature == CommandNature::streaming)
            return Error(ErrorCode::bad_argument,
                         std::string(command.name().substr(0, 16)) + " is not allowed in a transaction");
        }
        std::vector<RedisCommand> all;
        all.reserve(commands.size() + 2);
        all.emplace_back("MULTI");
        all.insert(all.end(), commands.begin(), commands.end());
        all.emplace_back("EXEC");
        auto done = run_pipeline(*lease_, all, CallTime::from_now(patience_), place_);
        // Within MULTI nothing is done without EXEC. When MULTI itself is refused, each command is done by itself.
        const bool within = !done.replies.empty() && done.replies.front().kind != ReplyKind::error;
        const auto outcome = within ? Outcome::not_done : Outcome::unknown;
        if (done.failure) {
          auto failure = done.failure_of(all.size() - 1);
          return done.sent > 1 && !within ? failure.with(outcome) : failure;
        }
        watching_ = false;
        Reply& last = done.replies.back();
        if (last.kind == ReplyKind::error) {
          for (auto& reply : done.replies)
            if (reply.kind == ReplyKind::error)
              return Error(ErrorCode::refused, readable_server_error(reply.text()), outcome);
        }
        RedisTransaction transaction;
        if (last.kind == ReplyKind::nil) return transaction;
        if (last.kind != ReplyKind::array || last.elements.size() != commands.size()) {
          lease_->abandon(Error(ErrorCode::protocol));
          return Error(ErrorCode::protocol,
                       place_ + ": EXEC was not answered with a list of " + std::to_string(commands.size()),
                       Outcome::unknown);
        }
        transaction.committed = true;
        transaction.replies.reserve(last.elements.size());
        for (auto& element : last.elements)
          transaction.replies.push_back(to_value(std::move(element)));
        return transaction;
      },
      Outcome::unknown);
}

}  // namespace cachesite::redis
