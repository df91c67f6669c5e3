#pragma once

#include <cachesite/component.hpp>
#include <cachesite/detail/async_call_names.hpp>
#include <cachesite/detail/call_stop.hpp>
#include <cachesite/detail/guarded_call.hpp>
#include <cachesite/detail/time_span.hpp>
#include <cachesite/result.hpp>
#include <cachesite/time_to_live.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite {

/// Protects data that only the current holder of a mutex may change from holders that have lost it without
/// knowing. It belongs to the process that owns the data. In a database, a column with the greatest token
/// does the same. Safe from any thread.
class MutexFence {
 public:
  /// True for a token that is not smaller than any token admitted before.
  [[nodiscard]] bool admit(std::uint64_t fencing_token) noexcept {
    std::uint64_t greatest = greatest_.load();
    while (fencing_token > greatest)
      if (greatest_.compare_exchange_weak(greatest, fencing_token)) return true;
    return fencing_token == greatest;
  }
  /// The greatest token admitted so far.
  [[nodiscard]] std::uint64_t greatest() const noexcept { return greatest_.load(); }

 private:
  std::atomic<std::uint64_t> greatest_{0};
};

/// A mutex that is held for a time. The lease is renewed in the background until it is released, unless the
/// request says otherwise; then it ends by itself.
///
/// A lease can still be lost: the process was paused for longer than the lease, the server was unreachable
/// for as long, or somebody deleted the key. `held()` detects the first two without asking the server. Work
/// that must never be done twice at once needs more: pass `fencing_token()` to the changed resource, which
/// refuses tokens that are smaller than the greatest it has seen (`MutexFence`).
///
/// All calls are safe from any thread and never throw.
class IMutexLease {
  friend class MutexGuard;

 public:
  /// Releases, as `release()` does: it may wait for a server as long.
  virtual ~IMutexLease() = default;

  /// True while the lease is certain to be in force: neither released nor lost, and its time, by the clock of
  /// this machine, is not over. Does not ask the server.
  [[nodiscard]] virtual bool held() const noexcept = 0;

  /// A number that grows with every exclusive lease of the same mutex. Shared leases have the number of the
  /// last exclusive one.
  [[nodiscard]] virtual std::uint64_t fencing_token() const noexcept = 0;

  /// Requests a stop once when the lease is lost; not when it is released. A `std::stop_callback` on it runs
  /// on a thread of the site and should return soon.
  [[nodiscard]] virtual std::stop_token lost() const noexcept = 0;

  /// The known end of the lease; a renewal moves it.
  [[nodiscard]] virtual std::chrono::steady_clock::time_point valid_until() const noexcept = 0;

  /// Renews the lease now. True when it is in force; false when it is lost or released. A failure does not
  /// tell the state of the lease: see `held()`. Waits at most 2 s for a server.
  virtual Result<bool> renew() noexcept = 0;

  /// Releases the mutex. True when the lease was in force until now; false when it was lost or released
  /// before: then others may have held the mutex meanwhile. Waits for a server for at most `socket_timeout`.
  /// After a failure the site tries again in the background, and the mutex is free at the latest when the
  /// lease ends.
  virtual Result<bool> release() noexcept = 0;

  /// `release` for programs that do not wait; include <cachesite/async_call.hpp> to use it. The lease has to
  /// live until the call has begun, and may go then. The patience of the options limits the wait for a server;
  /// a call that is cancelled releases in the background. `unsupported` for a lease of another implementation
  /// that has no such form.
  ///
  ///     auto was_held = co_await lease->async_release();
  [[nodiscard]] AsyncCall<Result<bool>> async_release(
      const CallOptions& options = detail::usual_call_options);

  /// The holder as others see it: the host, the process and a unique number.
  [[nodiscard]] virtual const std::string& owner() const noexcept = 0;

 protected:
  using AsyncRelease = detail::AsyncOperationOf<Result<bool>>;
  /// What `async_release` does when it begins; null where it is not offered.
  [[nodiscard]] virtual std::unique_ptr<AsyncRelease> do_make_release(
      std::optional<std::chrono::milliseconds> patience);
};

/// Thrown by calls of a mutex that cannot return a failure, such as `IMutex::lock`.
class MutexError : public std::runtime_error {
 public:
  explicit MutexError(Error error)
      : std::runtime_error(std::string(error.message())), error_(std::move(error)) {}
  [[nodiscard]] const Error& error() const noexcept { return error_; }

 private:
  Error error_;
};

/// How many holders a mutex may have at a time.
enum class MutexMode : std::uint8_t {
  exclusive,  ///< one alone
  shared,     ///< any number of readers, but no exclusive holder
};

/// How to take a mutex. The default waits for it without limit.
struct MutexRequest {
  MutexMode mode = MutexMode::exclusive;
  /// Length of the lease, 1 ms to 10 years; without it, `expire` of the site.
  std::optional<TimeToLive> expire = {};
  /// Longest wait while others hold the mutex; 0 or less tries once, std::nullopt waits without limit. A
  /// server that does not answer gets half a second for the last attempt, so the call may take that much
  /// longer. A mutex that such an attempt may have taken is released in the background.
  std::optional<TimeSpan> wait = {};
  /// Whether the lease is renewed in the background until it is released. Otherwise it ends after `expire`.
  bool renew = true;
  /// A std::stop_token. Ends the wait.
  CallStop stop = {};
};

/// A current holder of a mutex.
struct MutexHolder {
  /// `IMutexLease::owner` of the holder; for another program, its own text.
  std::string owner;
  MutexMode mode = MutexMode::exclusive;
  /// Remaining time of the lease; std::nullopt when it has no end.
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
/// Objects of one site with the same name are the same mutex. Within a process, waiters get it in their
/// order; a waiting writer blocks later readers. A thread that takes a mutex which it already holds
/// deadlocks, unless the mutex is reentrant (`IMutexSite::get_reentrant_mutex`).
///
/// All calls are safe from any thread.
class IMutex : public Interface<IMutex, "IMutex"> {
 public:
  /// The name of the mutex.
  [[nodiscard]] virtual const std::string& name() const noexcept = 0;

  /// Takes the mutex. A null pointer means that others held it until the wait limit. Failures:
  /// `bad_argument`; `closed` when `request.stop` was requested or the site is stopped; those of the backend,
  /// when they last longer than `outage_patience`; `no_memory`, also when no thread can be started to renew
  /// the lease: then the mutex is not taken.
  Result<std::shared_ptr<IMutexLease>> take(const MutexRequest& request = {}) noexcept;

  /// `take` for programs that do not wait; include <cachesite/async_call.hpp> to use it. Threads and such calls
  /// wait in one line. The lease belongs to no thread: a reentrant mutex is taken as any other, so a call waits
  /// for a lease that its own caller holds. `wait` of the request gives a null pointer as in `take`; when the
  /// patience of the options ends first, the call fails with `timeout`. A call that is cancelled leaves the
  /// line and fails with `closed`; a mutex that it has taken by then is released. A lease that nobody takes
  /// over is released by its destructor, which may wait for a server: see `IMutexLease::async_release`.
  /// `unsupported` for a mutex of another implementation that has no such form.
  ///
  ///     auto lease = co_await mutex->async_take();
  [[nodiscard]] AsyncCall<Result<std::shared_ptr<IMutexLease>>> async_take(
      const MutexRequest& request = {}, const CallOptions& options = detail::usual_call_options);

  /// The current holders.
  virtual Result<std::vector<MutexHolder>> holders() noexcept = 0;

  /// Takes the mutex for the calling thread, for at most `expire` (any std::chrono duration): the lease is
  /// not renewed. `blocking` waits without limit. False when others hold it, and on any failure.
  template <class Rep, class Period>
  bool acquire(std::chrono::duration<Rep, Period> expire,
               MutexMethod method = MutexMethod::blocking) noexcept {
    return acquire_for_thread(TimeToLive(expire), method);
  }
  /// Releases what this thread took last by `acquire` or one of the calls below. True when the thread held
  /// the mutex until now; false when it did not, when the lease was lost, and on any failure.
  bool release() noexcept;

  // The calls of a standard mutex, for std::scoped_lock, std::unique_lock, std::shared_lock and
  // std::condition_variable_any. They lock and unlock for the calling thread, and throw MutexError
  // when the mutex cannot be taken for another reason than that others hold it.

  void lock();
  bool try_lock();
  bool try_lock_for(TimeSpan limit);
  template <class Clock, class Duration>
  bool try_lock_until(std::chrono::time_point<Clock, Duration> deadline) {
    return try_lock_for(TimeSpan::until(deadline));
  }
  /// Does not report a lost lease: only a guard can.
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
  using AsyncTake = detail::AsyncOperationOf<Result<std::shared_ptr<IMutexLease>>>;
  /// What `async_take` does when it begins; null where it is not offered.
  [[nodiscard]] virtual std::unique_ptr<AsyncTake> do_make_take(
      const MutexRequest& request, std::optional<std::chrono::milliseconds> patience);
  /// Takes the mutex and keeps the lease for the calling thread. False when others held it until the limit.
  virtual Result<bool> keep_for_thread(const MutexRequest& request) noexcept = 0;
  /// Releases the lease that was last kept for the calling thread, of that mode if one is given.
  virtual Result<bool> release_for_thread(std::optional<MutexMode> mode) noexcept = 0;

 private:
  bool acquire_for_thread(TimeToLive expire, MutexMethod method) noexcept;
  bool keep_or_throw(const MutexRequest& request);
};

/// Provides mutexes by name.
class IMutexSite : public Interface<IMutexSite, "IMutexSite"> {
 public:
  static constexpr std::size_t longest_name = 1024;

  /// The mutex of that name (1 to 1024 bytes of any value); no registration is needed. The pointer is null
  /// only with `require_connection`, when the server cannot be reached. Throws std::invalid_argument for a
  /// name that is empty or too long, and std::bad_alloc.
  [[nodiscard]] virtual std::shared_ptr<IMutex> get_mutex(std::string_view name) = 0;

  /// The same mutex in a reentrant form: a thread that holds it exclusively may take it again, and has to
  /// release it as often. Other threads, processes and users of `get_mutex` see no difference.
  [[nodiscard]] virtual std::shared_ptr<IMutex> get_reentrant_mutex(std::string_view name) = 0;
};

}  // namespace cachesite
