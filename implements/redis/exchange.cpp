#include "redis/exchange.hpp"

#include "redis/only_server.hpp"
#include "redis/raw_command.hpp"

#include <utility>

namespace cachesite::redis {

Exchange exchange(ExclusiveConnection& connection, std::span<const RedisCommand> commands, CallTime time,
                  const std::string& place) {
  Exchange done;
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
            connection.abandon(Error(ErrorCode::protocol, "an answer came before its question"));
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

}  // namespace cachesite::redis
