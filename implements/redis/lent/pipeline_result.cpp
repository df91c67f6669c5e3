#include "redis/lent/pipeline_result.hpp"

#include "basics/server_call.hpp"
#include "redis/lent/raw_command.hpp"
#include "redis/transport/server_call_report.hpp"
#include "redis/wire/only_server.hpp"

#include <algorithm>
#include <utility>

namespace cachesite::redis {

namespace {

PipelineResult send_and_read(ExclusiveConnection& connection, std::span<const RedisCommand> commands,
                             CallTime time, const std::string& place) {
  PipelineResult done;
  try {
    connection.begin_count();
    for (const auto& command : commands)
      connection.write(RawCommand(command).command());
    done.replies.reserve(commands.size());
    while (done.replies.size() < commands.size()) {
      Reply reply;
      switch (connection.next(reply, time.deadline)) {
        case ExclusiveConnection::Progress::reply:
          if (done.replies.size() >= connection.sent()) {
            connection.abandon(Error(ErrorCode::protocol, "an answer arrived before its request"));
            break;
          }
          if (reply.kind == ReplyKind::error && heed_only_server(reply) &&
              SteadyTime::now() >= connection.opened() + renewal_pause)
            connection.retire();
          done.replies.push_back(std::move(reply));
          continue;
        case ExclusiveConnection::Progress::timed_out: {
          const auto patience =
              std::chrono::duration_cast<std::chrono::milliseconds>(time.deadline - time.begin);
          connection.abandon(
              Error(ErrorCode::timeout, "no answer within " + std::to_string(patience.count()) + " ms"));
          break;
        }
        case ExclusiveConnection::Progress::lost:
          break;
      }
      done.sent = connection.sent();
      done.failure.emplace(connection.failure().code(),
                           place + ": " + std::string(connection.failure().message()));
      return done;
    }
  } catch (...) {
    connection.abandon(Error(ErrorCode::no_memory));
    throw;
  }
  done.sent = commands.size();
  return done;
}

// Of several errors the first is told.
[[gnu::noinline]] void report(const ExclusiveConnection& connection, std::span<const RedisCommand> commands,
                              const PipelineResult& done, CallTime time) noexcept {
  const auto refused = std::find_if(done.replies.begin(), done.replies.end(),
                                    [](const Reply& reply) { return reply.kind == ReplyKind::error; });
  basics::ServerCall call;
  call.command = commands.front().name();
  call.commands = commands.size();
  call.peer = connection.peer();
  if (done.failure) call.failure = &*done.failure;
  call.duration = SteadyTime::now() - time.begin;
  report_server_call(call, connection.options(), refused != done.replies.end() ? &*refused : nullptr);
}

}  // namespace

PipelineResult run_pipeline(ExclusiveConnection& connection, std::span<const RedisCommand> commands,
                            CallTime time, const std::string& place) {
  PipelineResult done = send_and_read(connection, commands, time, place);
  if (basics::server_call_recorder != nullptr && !commands.empty()) [[unlikely]]
    report(connection, commands, done, time);
  return done;
}

}  // namespace cachesite::redis
