#pragma once

#include <cachesite/detail/time_span.hpp>
#include <cachesite/mutex.hpp>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>

namespace cachesite {

/// Holds a mutex until the end of a scope, and knows its lease. May be moved, also to another thread. Thread
/// safety: that of a standard container; the token of `lost()` may be used from any thread.
class MutexGuard {
 public:
  /// Holds nothing.
  MutexGuard() noexcept = default;
  /// Waits for the mutex without limit. Throws MutexError on failure.
  explicit MutexGuard(IMutex& mutex) : MutexGuard(mutex, MutexRequest{}) {
    if (error_) throw MutexError(*error_);
  }
  /// Tries once; ask the guard whether it holds the mutex.
  MutexGuard(IMutex& mutex, std::try_to_lock_t) noexcept : MutexGuard(mutex, TimeSpan()) {}
  /// Waits for at most `limit`, any std::chrono duration; ask the guard whether it holds the mutex.
  MutexGuard(IMutex& mutex, TimeSpan limit) noexcept : MutexGuard(mutex, waiting(limit)) {}
  /// Waits until `stop` is requested; ask the guard whether it holds the mutex.
  MutexGuard(IMutex& mutex, std::stop_token stop) noexcept : MutexGuard(mutex, stoppable(std::move(stop))) {}
  /// Takes the mutex as `request` says; ask the guard whether it holds it.
  MutexGuard(IMutex& mutex, const MutexRequest& request) noexcept {
    auto taken = mutex.take(request);
    if (taken.ok())
      lease_ = std::move(taken).value();
    else
      error_ = taken.error();
  }
  /// Takes over a lease.
  explicit MutexGuard(std::shared_ptr<IMutexLease> lease) noexcept : lease_(std::move(lease)) {}

  MutexGuard(MutexGuard&& other) noexcept = default;
  MutexGuard& operator=(MutexGuard&& other) noexcept {
    if (this != &other) {
      (void)release();
      lease_ = std::move(other.lease_);
      error_ = std::move(other.error_);
    }
    return *this;
  }
  MutexGuard(const MutexGuard&) = delete;
  MutexGuard& operator=(const MutexGuard&) = delete;
  ~MutexGuard() { (void)release(); }

  /// True while the mutex is certain to be held: see `IMutexLease::held`. Check it again before work that
  /// must not be done twice.
  [[nodiscard]] bool held() const noexcept { return lease_ && lease_->held(); }
  explicit operator bool() const noexcept { return held(); }
  /// See `IMutexLease::fencing_token`; 0 when nothing is held.
  [[nodiscard]] std::uint64_t fencing_token() const noexcept { return lease_ ? lease_->fencing_token() : 0; }
  /// Requests a stop when the lease is lost; never, when nothing is held.
  [[nodiscard]] std::stop_token lost() const noexcept { return lease_ ? lease_->lost() : std::stop_token{}; }
  /// Why the mutex could not be taken; std::nullopt when others held it.
  [[nodiscard]] const std::optional<Error>& error() const noexcept { return error_; }
  /// The lease; null when nothing is held.
  [[nodiscard]] const std::shared_ptr<IMutexLease>& lease() const noexcept { return lease_; }

  /// Releases the mutex early. As `IMutexLease::release`; false when nothing is held.
  Result<bool> release() noexcept {
    const auto lease = std::move(lease_);
    lease_.reset();
    if (!lease) return false;
    return lease->release();
  }
  /// As `IMutexLease::async_release`. The guard holds nothing from now on.
  [[nodiscard]] AsyncCall<Result<bool>> async_release(
      const CallOptions& options = detail::usual_call_options);

 private:
  static MutexRequest waiting(TimeSpan limit) noexcept {
    MutexRequest request;
    request.wait = limit;
    return request;
  }
  static MutexRequest stoppable(std::stop_token stop) noexcept {
    MutexRequest request;
    request.stop = std::move(stop);
    return request;
  }

  std::shared_ptr<IMutexLease> lease_;
  std::optional<Error> error_;
};

}  // namespace cachesite
