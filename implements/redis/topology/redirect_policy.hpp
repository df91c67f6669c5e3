#pragma once

#include "basics/back_off.hpp"
#include "redis/base/address.hpp"
#include "redis/base/deadline.hpp"
#include "redis/topology/server_hint.hpp"

#include <cachesite/error.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace cachesite::redis {

/// The way of one request through a cluster: after each attempt it says what comes next. A plain state
/// machine; it knows neither connections nor the slot map, only what it is told.
class RedirectPolicy {
 public:
  static constexpr unsigned most_redirections = 5;
  static constexpr unsigned most_repetitions = 1;

  struct Step {
    enum class Next : std::uint8_t {
      by_map,     // to the server that the map names now, the master unless `try_replica()`
      to_target,  // to `target`
      asking,     // to `target`, with ASKING before
      finish,     // with `error`, or when there is none with the answer at hand
    };
    Next next = Next::finish;
    ServerAddress target = {};
    basics::BackOff::Pause pause{0};  // before it
    bool move_slot = false;           // the slot belongs to `target` from now on
    bool want_refresh = false;        // the map may be out of date
    bool await_refresh = false;       // and the request waits for a newer one
    std::optional<Error> error = std::nullopt;
  };

  /// `repeatable`: doing it twice is the same as doing it once.
  RedirectPolicy(bool repeatable, bool try_replica, CallTime time, std::uint64_t seed) noexcept
      : time_(time),
        pauses_(std::chrono::milliseconds(5), std::chrono::milliseconds(100), seed),
        repeatable_(repeatable),
        try_replica_(try_replica) {}

  [[nodiscard]] bool try_replica() const noexcept { return try_replica_; }

  /// The map names no server for the slot. `refreshed`: the map was just loaded.
  Step nowhere(bool refreshed, TimePoint now);
  /// The map names this server. False when it is the one that has just failed: then the request ends with
  /// `failure()`.
  [[nodiscard]] bool acceptable(const ServerAddress& server) const noexcept {
    return !failed_server_ || *failed_server_ != server;
  }
  [[nodiscard]] const Error& failure() const noexcept { return *failure_; }
  /// The failure of a request that ends between two attempts for this reason: an earlier attempt may have been
  /// done.
  [[nodiscard]] Error end(const Error& reason) const noexcept {
    return maybe_done_ ? reason.with(Outcome::unknown) : reason;
  }

  /// The server at `by` answered, with an error that gives this hint. `from_replica`: it was asked as one.
  Step answered(const ServerHint& hint, const ServerAddress& by, bool from_replica, TimePoint now);
  /// The attempt at `by` failed.
  Step failed(const Error& error, const ServerAddress& by, bool from_replica, TimePoint now);

 private:
  Step wait(Step step, std::string_view why, TimePoint now);
  Step redirected(Step step, TimePoint now);
  Step finish(ErrorCode code, std::string message) const;
  [[nodiscard]] Outcome outcome() const noexcept {
    return maybe_done_ ? Outcome::unknown : Outcome::not_done;
  }

  CallTime time_;
  basics::BackOff pauses_;
  unsigned redirections_ = 0;
  unsigned repetitions_ = 0;
  bool repeatable_;
  bool try_replica_;
  bool maybe_done_ = false;
  std::optional<ServerAddress> failed_server_;
  std::optional<ServerAddress> asking_;
  std::optional<Error> failure_;
};

}  // namespace cachesite::redis
