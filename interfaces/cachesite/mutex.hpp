#pragma once

#include <cachesite/component.hpp>
#include <cachesite/mutex_lease.hpp>
#include <cachesite/result.hpp>
#include <cachesite/time_span.hpp>
#include <cachesite/time_to_live.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace cachesite {

/// How many may have a mutex at a time.
enum class MutexMode : std::uint8_t {
  exclusive,  ///< one alone
  shared,     ///< any number of readers, and nobody exclusively
};

/// How to take a mutex. The default waits for it without limit.
struct MutexRequest {
  MutexMode mode = MutexMode::exclusive;
  /// Length of the lease, 1 ms to 10 years; without it, what the site is set to.
  std::optional<TimeToLive> expire;
  /// Longest time to wait while others have the mutex; 0 or less tries once, std::nullopt waits for as long
  /// as it takes. A server that does not answer is given half a second for the last attempt, so the call may
  /// take that much longer. What such an attempt may have taken is given back in the background.
  std::optional<TimeSpan> wait;
  /// Renew the lease in the background for as long as it is held. Otherwise it ends after `expire`.
  bool renew = true;
  /// Ends the waiting.
  std::stop_token stop;
};

/// A present holder of a mutex.
struct MutexHolder {
  /// As `IMutexLease::owner` of the holder; another program's own text when that has the mutex.
  std::string owner;
  MutexMode mode = MutexMode::exclusive;
  /// Rest of the lease; std::nullopt when it has no end.
  std::optional<std::chrono::milliseconds> remaining;
};

/// Whether `IMutex::acquire` waits.
enum class MutexMethod : std::uint8_t { blocking, non_blocking };

/// A mutex that may reach across threads, processes and machines. It is used like a std::shared_mutex:
///
///     const auto mutex = site->get_component<cachesite::IMutexSite>()->get_mutex("stock");
///     {
///       const std::scoped_lock lock(*mutex);   // waits; renewed in the background; throws MutexError
///       ...
///     }
///     cachesite::MutexGuard guard(*mutex, 500ms);   // also knows about its lease, and never throws
///     if (guard) ...
///
/// Objects for the same name of the same site mean the same mutex. Within a process, those who wait get it in
/// the order in which they came; a waiting writer keeps later readers out. A thread that takes a mutex which
/// it already has waits for itself, unless the mutex is a reentrant one (`IMutexSite::get_reentrant_mutex`).
///
/// All calls are safe from any thread.
class IMutex : public Interface<IMutex, "IMutex"> {
 public:
  /// The name it was asked for by.
  [[nodiscard]] virtual const std::string& name() const noexcept = 0;

  /// Takes the mutex. A null pointer means that others had it until the wait limit. Failures: `bad_argument`;
  /// `closed` when `request.stop` was requested or the site is stopped; whatever the backend fails with, when
  /// it does so for longer than the site is set to bear; `no_memory`, also when no thread can be had that
  /// renews the lease: then nothing was taken.
  Result<std::shared_ptr<IMutexLease>> take(const MutexRequest& request = {}) noexcept;

  /// Those who have the mutex now.
  virtual Result<std::vector<MutexHolder>> holders() noexcept = 0;

  /// Takes the mutex for the calling thread, for at most `expire` (any std::chrono duration): such a lease is
  /// not renewed. `blocking` waits without limit. False when others have it, and on any failure.
  template <class Rep, class Period>
  bool acquire(std::chrono::duration<Rep, Period> expire,
               MutexMethod method = MutexMethod::blocking) noexcept {
    return acquire_for_thread(TimeToLive(expire), method);
  }
  /// Gives back what this thread took last by `acquire` or one of the calls below. True when the thread had
  /// the mutex until now; false when it has not, when the lease was lost meanwhile, and on any failure.
  bool release() noexcept;

  // The calls of a standard mutex, for std::scoped_lock, std::unique_lock, std::shared_lock and
  // std::condition_variable_any. They take and give back for the calling thread, and throw MutexError when
  // the mutex cannot be had for another reason than that others have it.

  void lock();
  bool try_lock();
  bool try_lock_for(TimeSpan limit);
  template <class Clock, class Duration>
  bool try_lock_until(std::chrono::time_point<Clock, Duration> deadline) {
    return try_lock_for(TimeSpan::until(deadline));
  }
  /// A mutex that was lost meanwhile is given back without a word: only a guard can tell.
  void unlock() noexcept;

  void lock_shared();
  bool try_lock_shared();
  bool try_lock_shared_for(TimeSpan limit);
  template <class Clock, class Duration>
  bool try_lock_shared_until(std::chrono::time_point<Clock, Duration> deadline) {
    return try_lock_shared_for(TimeSpan::until(deadline));
  }
  void unlock_shared() noexcept;

 protected:
  // What an implementation provides.
  virtual Result<std::shared_ptr<IMutexLease>> do_take(const MutexRequest& request) = 0;
  /// Takes the mutex and keeps the lease for the calling thread. False when others had it until the limit.
  virtual Result<bool> keep_for_thread(const MutexRequest& request) noexcept = 0;
  /// Releases the lease that was last kept for the calling thread, of that mode if one is given.
  virtual Result<bool> release_for_thread(std::optional<MutexMode> mode) noexcept = 0;

 private:
  bool acquire_for_thread(TimeToLive expire, MutexMethod method) noexcept;
  bool keep_or_throw(const MutexRequest& request);
};

}  // namespace cachesite
