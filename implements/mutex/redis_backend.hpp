#pragma once

#include "mutex/backend.hpp"

#include <cachesite/redis.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cachesite::mutex {

/// Mutexes on a Redis server. The exclusive holder is the string at `<prefix><name>`, as FivcGlue and others
/// have it; readers are a sorted set of owners by the end of their leases. Every step is one script, on the
/// server's clock.
class RedisBackend final : public Backend {
 public:
  struct Options {
    std::string prefix;
    /// Between two attempts while somebody has the mutex who may not announce its release.
    std::chrono::milliseconds poll_interval{50};
    /// Of a call to the server; a limit makes it shorter, never longer.
    std::chrono::milliseconds call_timeout{5000};
  };

  RedisBackend(std::shared_ptr<IRedis> redis, Options options);

  Result<AttemptResult> attempt(const Claim& claim, bool will_wait, bool has_waited, Limit limit) override;
  void wait(const Claim& claim, const AttemptResult& failed, std::chrono::milliseconds limit,
            const std::stop_token& stop) override;
  void give_up(const Claim& claim, Limit limit) override;
  std::vector<Result<bool>> renew(std::span<const Claim> claims, std::chrono::milliseconds limit) override;
  Result<bool> release(const Claim& claim, Limit limit) override;
  std::optional<Result<std::vector<MutexHolder>>> holders(const std::string& name) override;
  [[nodiscard]] bool needs_renewal() const noexcept override { return true; }

  coroutines::Routine<Result<AttemptResult>> async_attempt(const Claim& claim, bool will_wait,
                                                           bool has_waited, Limit limit,
                                                           std::stop_token stop) override;
  coroutines::Routine<Status> async_give_up(const Claim& claim, Limit limit) override;
  coroutines::Routine<Result<bool>> async_release(const Claim& claim, Limit limit,
                                                  std::stop_token stop) override;
  [[nodiscard]] std::chrono::milliseconds pause_after(const AttemptResult& failed) const noexcept override;
  [[nodiscard]] coroutines::LoopAccess loop() override { return coroutines::LoopAccess::of(*redis_); }

 private:
  /// Keys that belong to one mutex. Those beside the mutex itself begin differently, so that no name of
  /// another mutex can mean them.
  struct Keys {
    std::string mutex, readers, writers, fence, wake;
  };
  [[nodiscard]] Keys keys_of(const std::string& name) const;
  [[nodiscard]] Limit within(Limit limit) const;
  /// What an attempt says to its script.
  struct Attempt {
    const RedisScript& script;
    std::vector<std::string> keys, arguments;
  };
  [[nodiscard]] Attempt attempt_for(const Claim& claim, bool will_wait, bool has_waited) const;

  const std::shared_ptr<IRedis> redis_;
  const Options options_;
  const RedisScript take_exclusive_;
  const RedisScript take_shared_;
  const RedisScript release_exclusive_;
  const RedisScript release_shared_;
  const RedisScript renew_;
  const RedisScript give_up_;
  const RedisScript holders_;
  std::atomic<int> sleepers_{0};  // those who have a connection to sleep on
};

}  // namespace cachesite::mutex
