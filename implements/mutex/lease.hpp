#pragma once

#include "basics/fork_mark.hpp"
#include "mutex/held_lock.hpp"

#include <cachesite/mutex.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

namespace cachesite::mutex {

class Engine;

/// A user's share in a held lock; a reentrant one has several. Made before there is a lock to hold. In a
/// forked child it is held no longer: the mutex is the parent's.
class Lease final : public IMutexLease {
 public:
  explicit Lease(std::shared_ptr<Engine> engine) noexcept : engine_(std::move(engine)) {}
  ~Lease() override;
  void hold(std::shared_ptr<HeldLock> held_lock) noexcept { held_lock_ = std::move(held_lock); }
  [[nodiscard]] const std::shared_ptr<HeldLock>& held_lock() const noexcept { return held_lock_; }
  /// Somebody else releases it.
  void give_up() noexcept { held_lock_.reset(); }

  [[nodiscard]] bool held() const noexcept override;
  [[nodiscard]] std::uint64_t fencing_token() const noexcept override { return held_lock_->fencing_token; }
  [[nodiscard]] std::stop_token lost() const noexcept override { return held_lock_->lost.get_token(); }
  [[nodiscard]] TimePoint valid_until() const noexcept override { return held_lock_->end(); }
  [[nodiscard]] const std::string& owner() const noexcept override { return held_lock_->claim.owner; }
  Result<bool> renew() noexcept override;
  Result<bool> release() noexcept override;

 protected:
  std::unique_ptr<AsyncRelease> do_make_release(std::optional<std::chrono::milliseconds> patience) override;

 private:
  // The result, when there is nothing to ask the engine for.
  std::optional<Result<bool>> give_back() noexcept;

  const std::shared_ptr<Engine> engine_;
  std::shared_ptr<HeldLock> held_lock_;
  std::atomic<bool> given_back_{false};
  const basics::ForkMark fork_mark_;
};

}  // namespace cachesite::mutex
