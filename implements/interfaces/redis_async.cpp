// The asynchronous calls of IRedis.

#include <cachesite/async_call.hpp>
#include <cachesite/detail/result_at_hand.hpp>
#include <cachesite/redis.hpp>

#include <memory>
#include <utility>
#include <vector>

namespace cachesite {

namespace {

using Patience = std::optional<std::chrono::milliseconds>;
using Answers = std::vector<Result<RedisValue>>;

}  // namespace

AsyncCall<Result<RedisValue>> IRedis::async_call(const RedisCommand& command, const CallOptions& options) {
  return detail::late_call<Result<RedisValue>>(
      options, [this, &command, patience = options.patience] { return do_make_call(command, patience); });
}

AsyncCall<Result<RedisValue>> IRedis::async_run(const RedisScript& script, std::span<const ByteView> keys,
                                                std::span<const ByteView> arguments,
                                                const CallOptions& options) {
  return detail::late_call<Result<RedisValue>>(options,
                                               [this, &script, keys, arguments, patience = options.patience] {
                                                 return do_make_run(script, keys, arguments, patience);
                                               });
}

AsyncCall<Result<RedisValue>> IRedis::async_run(const RedisScript& script,
                                                std::initializer_list<ByteView> keys,
                                                std::initializer_list<ByteView> arguments,
                                                const CallOptions& options) {
  return async_run(script, std::span<const ByteView>(keys.begin(), keys.size()),
                   std::span<const ByteView>(arguments.begin(), arguments.size()), options);
}

AsyncCall<Answers> IRedis::async_pipeline(std::span<const RedisCommand> commands,
                                          const CallOptions& options) {
  return detail::late_call<Result<Answers>>(
             options,
             [this, commands, patience = options.patience] { return do_make_pipeline(commands, patience); })
      .map([count = commands.size()](Result<Answers> answers) {
        return answers.ok() ? std::move(answers).value() : Answers(count, answers.error());
      });
}

std::unique_ptr<IRedis::AsyncAnswer> IRedis::do_make_call(const RedisCommand&, Patience) {
  return nullptr;
}
std::unique_ptr<IRedis::AsyncAnswer> IRedis::do_make_run(const RedisScript&, std::span<const ByteView>,
                                                         std::span<const ByteView>, Patience) {
  return nullptr;
}
std::unique_ptr<IRedis::AsyncAnswers> IRedis::do_make_pipeline(std::span<const RedisCommand>, Patience) {
  return nullptr;
}

}  // namespace cachesite
