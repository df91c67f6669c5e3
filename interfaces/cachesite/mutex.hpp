#pragma once

#include <cachesite/component.hpp>
#include <cachesite/detail/guarded_call.hpp>
#include <cachesite/result.hpp>
#include <cachesite/time_span.hpp>
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

/// Stands before something that only the present holder of a mutex may change, and turns away holders that
/// have lost it without knowing. It belongs where the change is made: in the process that owns the data. A
/// database does the same with a column that holds the greatest token seen. Safe from any thread.
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

/// Having a mutex for a time: what a program gets when it takes one. A lease is renewed in the background
/// until it is released, unless it was asked for without; then it ends by itself.
///
/// A lease can be lost all the same: the process stood still for longer than the lease, the server could not
/// be reached for so long, or somebody deleted the key. `held()` knows of the first two without asking
/// anybody. Work that must never be done by two needs more than a lease: hand `fencing_token()` to whatever
/// is changed, and have it refuse smaller tokens than the greatest it has seen (`MutexFence`).
///
/// All calls are safe from any thread and never throw.
class IMutexLease {
 public:
  /// Releases, as `release()` does: it may talk to a server, and take as long as that.
  virtual ~IMutexLease() = default;

  /// True while the lease is certain to be in force: neither released nor lost, and its time, as counted on
  /// this machine, is not up. Asks nobody.
  [[nodiscard]] virtual bool held() const noexcept = 0;

  /// A number that grows with every exclusive lease of the same mutex. Readers get the number of the last
  /// exclusive lease.
  [[nodiscard]] virtual std::uint64_t fencing_token() const noexcept = 0;

  /// Is requested once when the lease is lost; never when it is released. A `std::stop_callback` on it runs
  /// on a thread of the site and should return soon.
  [[nodiscard]] virtual std::stop_token lost() const noexcept = 0;

  /// The end of the lease as far as known now; a renewal moves it.
  [[nodiscard]] virtual std::chrono::steady_clock::time_point valid_until() const noexcept = 0;

  /// Renews the lease now. True when it is in force; false when it is lost or released. A failure says
  /// nothing about the lease: see `held()`. Waits at most 2 s for a server.
  virtual Result<bool> renew() noexcept = 0;

  /// Gives the mutex back. True when the lease was in force until now; false when it had been lost or
  /// released before: then others may have had the mutex meanwhile. Waits for a server as long as a call of
  /// its connection may take (`socket_timeout`). After a failure the site goes on trying in the background,
  /// and the mutex becomes free by itself at the latest when the lease ends.
  virtual Result<bool> release() noexcept = 0;

  /// Who the holder is for others: the host, the process and a number that no other lease has.
  [[nodiscard]] virtual const std::string& owner() const noexcept = 0;
};

/// Thrown by the calls of a mutex that have no other way to say that they failed, such as `IMutex::lock`.
class MutexError : public std::runtime_error {
 public:
  explicit MutexError(Error error)
      : std::runtime_error(std::string(error.message())), error_(std::move(error)) {}
  [[nodiscard]] const Error& error() const noexcept { return error_; }

 private:
  Error error_;
};

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
  /// it does so for longer than the site is set to bear; `no_memory`, also when no thread could be started that
  /// renews the lease: then nothing was taken.
  Result<std::shared_ptr<IMutexLease>> take(const MutexRequest& request = {}) noexcept {
    if (request.expire && !request.expire->expires())
      return Error(ErrorCode::bad_argument, "a lease is 1 ms to 10 years long");
    return guarded_call<std::shared_ptr<IMutexLease>>([&] { return do_take(request); });
  }

  /// Those who have the mutex now.
  virtual Result<std::vector<MutexHolder>> holders() noexcept = 0;

  /// Takes the mutex for the calling thread, for at most `expire` (any std::chrono duration): such a lease is
  /// not renewed. `blocking` waits without limit. False when others have it, and on any failure.
  template <class Rep, class Period>
  bool acquire(std::chrono::duration<Rep, Period> expire,
               MutexMethod method = MutexMethod::blocking) noexcept {
    MutexRequest request;
    request.expire = TimeToLive(expire);
    request.renew = false;
    if (method == MutexMethod::non_blocking) request.wait = TimeSpan();
    return keep_for_thread(request).value_or(false);
  }
  /// Gives back what this thread took last by `acquire` or one of the calls below. True when the thread had
  /// the mutex until now; false when it has not, when the lease was lost meanwhile, and on any failure.
  bool release() noexcept { return release_for_thread(std::nullopt).value_or(false); }

  // The calls of a standard mutex, for std::scoped_lock, std::unique_lock, std::shared_lock and
  // std::condition_variable_any. They take and give back for the calling thread, and throw MutexError when
  // the mutex cannot be had for another reason than that others have it.

  void lock() { (void)keep_or_throw({}); }
  bool try_lock() { return try_lock_for(TimeSpan()); }
  bool try_lock_for(TimeSpan limit) { return keep_or_throw(limited(MutexMode::exclusive, limit)); }
  template <class Clock, class Duration>
  bool try_lock_until(std::chrono::time_point<Clock, Duration> deadline) {
    return try_lock_for(TimeSpan::until(deadline));
  }
  /// A mutex that was lost meanwhile is given back without a word: only a guard can tell.
  void unlock() noexcept { (void)release_for_thread(MutexMode::exclusive); }

  void lock_shared() {
    MutexRequest request;
    request.mode = MutexMode::shared;
    (void)keep_or_throw(request);
  }
  bool try_lock_shared() { return try_lock_shared_for(TimeSpan()); }
  bool try_lock_shared_for(TimeSpan limit) { return keep_or_throw(limited(MutexMode::shared, limit)); }
  template <class Clock, class Duration>
  bool try_lock_shared_until(std::chrono::time_point<Clock, Duration> deadline) {
    return try_lock_shared_for(TimeSpan::until(deadline));
  }
  void unlock_shared() noexcept { (void)release_for_thread(MutexMode::shared); }

 protected:
  // What an implementation provides.
  virtual Result<std::shared_ptr<IMutexLease>> do_take(const MutexRequest& request) = 0;
  /// Takes the mutex and keeps the lease for the calling thread. False when others had it until the limit.
  virtual Result<bool> keep_for_thread(const MutexRequest& request) noexcept = 0;
  /// Releases the lease that was last kept for the calling thread, of that mode if one is given.
  virtual Result<bool> release_for_thread(std::optional<MutexMode> mode) noexcept = 0;

 private:
  static MutexRequest limited(MutexMode mode, TimeSpan limit) {
    MutexRequest request;
    request.mode = mode;
    request.wait = limit;
    return request;
  }
  bool keep_or_throw(const MutexRequest& request) {
    const auto kept = keep_for_thread(request);
    if (!kept.ok()) throw MutexError(kept.error());
    return kept.value();
  }
};

/// Hands out mutexes by name.
class IMutexSite : public Interface<IMutexSite, "IMutexSite"> {
 public:
  static constexpr std::size_t longest_name = 1024;

  /// The mutex of that name (any bytes, 1 to 1024 of them), which comes into being by being asked for. The
  /// pointer is null only when the site is set to `require_connection` and its server cannot be reached at
  /// the moment. Throws std::invalid_argument for a name that is empty or too long, and std::bad_alloc.
  [[nodiscard]] virtual std::shared_ptr<IMutex> get_mutex(std::string_view name) = 0;

  /// The same mutex for programs whose functions call each other: a thread that has it exclusively may take
  /// it again, and has it until it has given it back as often. Other threads, processes and users of
  /// `get_mutex` see no difference.
  [[nodiscard]] virtual std::shared_ptr<IMutex> get_reentrant_mutex(std::string_view name) = 0;
};

}  // namespace cachesite
