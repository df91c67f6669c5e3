#pragma once

#include "coroutines/loop_access.hpp"
#include "coroutines/routine.hpp"

#include <cachesite/mutex.hpp>
#include <cachesite/result.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

namespace cachesite::mutex {

/// Who wants or has which mutex, and how.
struct Claim {
  std::string name;
  std::string owner;
  MutexMode mode = MutexMode::exclusive;
  std::chrono::milliseconds expire{};
};

/// Result of an attempt to take a mutex.
struct AttemptResult {
  bool granted = false;
  std::uint64_t fencing_token = 0;
  /// Of the present holder's lease.
  std::optional<std::chrono::milliseconds> remaining;
  /// The present holder tells those who wait when it gives the mutex back.
  bool announced = false;
};

/// Where it is decided which process has a mutex. A `limit` is the longest time that the call may take;
/// without one it is what the backend is set to. What is thrown counts as a failure after which nothing is
/// known.
class Backend {
 public:
  using Limit = std::optional<std::chrono::milliseconds>;

  virtual ~Backend() = default;

  /// `will_wait`: the caller tries again when it fails; `has_waited`: it has failed before.
  virtual Result<AttemptResult> attempt(const Claim& claim, bool will_wait, bool has_waited, Limit limit) = 0;
  /// Returns when another attempt may be worth it, and after `limit` at the latest.
  virtual void wait(const Claim& claim, const AttemptResult& failed, std::chrono::milliseconds limit,
                    const std::stop_token& stop) = 0;
  /// Takes back what waiting has left; others may go first.
  virtual void give_up(const Claim& claim, Limit limit) = 0;
  /// One answer for each claim: whether it is in force, and was renewed.
  virtual std::vector<Result<bool>> renew(std::span<const Claim> claims, std::chrono::milliseconds limit) = 0;
  /// True when the claim was in force.
  virtual Result<bool> release(const Claim& claim, Limit limit) = 0;
  /// Nothing when only this process knows.
  virtual std::optional<Result<std::vector<MutexHolder>>> holders(const std::string& name) = 0;
  /// False when a lease that is renewed cannot end by itself.
  [[nodiscard]] virtual bool needs_renewal() const noexcept = 0;

  // The same without a thread that waits. By default the calls above are made at once, for backends that never
  // wait. A stop ends an attempt or a release as a failure after which it may have been made.
  virtual coroutines::Routine<Result<AttemptResult>> async_attempt(const Claim& claim, bool will_wait,
                                                                   bool has_waited, Limit limit,
                                                                   std::stop_token stop);
  virtual coroutines::Routine<Status> async_give_up(const Claim& claim, Limit limit);
  virtual coroutines::Routine<Result<bool>> async_release(const Claim& claim, Limit limit,
                                                          std::stop_token stop);
  /// When another attempt may be worth it.
  [[nodiscard]] virtual std::chrono::milliseconds pause_after(const AttemptResult& failed) const noexcept;
  /// Where they go on.
  [[nodiscard]] virtual coroutines::LoopAccess loop();
};

}  // namespace cachesite::mutex
