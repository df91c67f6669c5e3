#include <cachesite/detail/guarded_call.hpp>
#include <cachesite/redis.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite {

namespace {

bool is_refused(const std::optional<TimeSpan>& timeout) noexcept {
  return timeout && !timeout->positive();
}
Error no_timeout() noexcept {
  return Error(ErrorCode::bad_argument, "a timeout is at least 1 ms");
}
std::optional<std::chrono::milliseconds> milliseconds_of(const std::optional<TimeSpan>& timeout) noexcept {
  if (!timeout) return std::nullopt;
  return timeout->milliseconds();
}

}  // namespace

Result<RedisValue> IRedis::call(const RedisCommand& command, const std::stop_token& stop) noexcept {
  return guarded_call<RedisValue>([&] { return do_call(command, stop); }, Outcome::unknown);
}

Result<std::int64_t> IRedis::integer(const RedisCommand& command, const std::stop_token& stop) noexcept {
  return guarded_call<std::int64_t>(
      [&]() -> Result<std::int64_t> {
        const auto reply = do_call(command, stop);
        return reply.ok() ? reply.value().as_integer() : Result<std::int64_t>(reply.error());
      },
      Outcome::unknown);
}

Result<std::optional<std::string>> IRedis::text(const RedisCommand& command,
                                                const std::stop_token& stop) noexcept {
  return guarded_call<std::optional<std::string>>(
      [&]() -> Result<std::optional<std::string>> {
        const auto reply = do_call(command, stop);
        return reply.ok() ? reply.value().as_optional_text()
                          : Result<std::optional<std::string>>(reply.error());
      },
      Outcome::unknown);
}

std::vector<Result<RedisValue>> IRedis::pipeline(std::span<const RedisCommand> commands,
                                                 std::optional<TimeSpan> timeout) {
  if (is_refused(timeout)) return {commands.size(), Result<RedisValue>(no_timeout())};
  return do_pipeline(commands, milliseconds_of(timeout));
}

Result<std::unique_ptr<IRedisSession>> IRedis::open_session(std::optional<TimeSpan> timeout) noexcept {
  if (is_refused(timeout)) return no_timeout();
  return guarded_call<std::unique_ptr<IRedisSession>>(
      [&] { return do_open_session(milliseconds_of(timeout)); });
}

Result<RedisTransaction> IRedis::transact(std::span<const std::string_view> keys, const TransactionBody& body,
                                          std::size_t attempts) noexcept {
  return guarded_call<RedisTransaction>(
      [&]() -> Result<RedisTransaction> {
        auto opened = do_open_session({});
        if (!opened.ok()) return opened.error();
        IRedisSession& session = *opened.value();
        for (std::size_t attempt = 1;; ++attempt) {
          if (!keys.empty())
            if (const auto watched = session.watch(keys); !watched.ok()) return watched.error();
          const auto commands = body(session);
          if (!commands.ok()) {
            (void)session.discard();
            return commands.error();
          }
          auto ended = session.execute(commands.value());
          if (!ended.ok() || ended.value().committed || attempt >= attempts) return ended;
        }
      },
      Outcome::unknown);
}

Result<RedisTransaction> IRedis::transact(std::initializer_list<std::string_view> keys,
                                          const TransactionBody& body, std::size_t attempts) noexcept {
  return transact(std::span<const std::string_view>(keys.begin(), keys.size()), body, attempts);
}

Result<RedisTransaction> IRedis::transact(std::span<const RedisCommand> commands) noexcept {
  return guarded_call<RedisTransaction>(
      [&]() -> Result<RedisTransaction> {
        auto opened = do_open_session({});
        if (!opened.ok()) return opened.error();
        return opened.value()->execute(commands);
      },
      Outcome::unknown);
}

Result<RedisValue> IRedis::run(const RedisScript& script, std::span<const ByteView> keys,
                               std::span<const ByteView> arguments,
                               std::optional<TimeSpan> timeout) noexcept {
  if (is_refused(timeout)) return no_timeout();
  return guarded_call<RedisValue>([&] { return do_run(script, keys, arguments, milliseconds_of(timeout)); },
                                  Outcome::unknown);
}

Result<RedisValue> IRedis::run(const RedisScript& script, std::initializer_list<ByteView> keys,
                               std::initializer_list<ByteView> arguments,
                               std::optional<TimeSpan> timeout) noexcept {
  return run(script, std::span<const ByteView>(keys.begin(), keys.size()),
             std::span<const ByteView>(arguments.begin(), arguments.size()), timeout);
}

Result<RedisInformation> IRedis::information(std::string_view section) noexcept {
  return guarded_call<RedisInformation>([&]() -> Result<RedisInformation> {
    RedisCommand command("INFO");
    if (!section.empty()) command.add(section);
    const auto reply = do_call(command.repeatable(), {});
    if (!reply.ok()) return reply.error();
    const auto text = reply.value().as_text();
    if (!text.ok()) return text.error();
    return RedisInformation(text.value());
  });
}

}  // namespace cachesite
