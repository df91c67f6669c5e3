#pragma once

#include <cachesite/result.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>

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

}  // namespace cachesite
