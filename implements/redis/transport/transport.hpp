#pragma once

#include "redis/base/deadline.hpp"

#include <cachesite/error.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <sys/uio.h>

namespace cachesite::redis {

/// A connection that carries bytes. One thread uses it at a time, except for `shut_down`.
class Transport {
 public:
  enum class Status : std::uint8_t {
    ok,      // `count` bytes, at least one
    again,   // nothing is possible right now: `wait`
    ended,   // the peer closed in an orderly way
    failed,  // `problem()` says why
  };
  struct Transfer {
    Status status;
    std::size_t count = 0;
  };
  enum class Patience : std::uint8_t {
    none,        // never blocks
    short_wait,  // may block for as long as `patience` of the connection; `again` when that is over
  };
  enum class Waiting : std::uint8_t { ready, timed_out };

  virtual ~Transport() = default;

  virtual Transfer receive(std::span<const iovec> places, Patience patience) = 0;
  virtual Transfer send(std::span<const iovec> pieces) = 0;
  /// Waits until a receive, or with `to_send` a send or a receive, may be possible.
  virtual Waiting wait(bool to_send, TimePoint deadline) = 0;
  /// Called before and between the parts of something large: here a connection may leave room for others.
  virtual void pause(TimePoint /*deadline*/) {}
  /// How long `pause` would take. Who may not block goes on after that time instead.
  [[nodiscard]] virtual std::chrono::nanoseconds pause_length(TimePoint /*deadline*/) { return {}; }
  /// True while `receive` and `wait` have something to send, so they want to know when that is possible too.
  [[nodiscard]] virtual bool wants_to_send() const noexcept { return false; }
  /// Ends the connection from any thread: whoever waits in it wakes up.
  virtual void shut_down() noexcept = 0;
  /// Readable when `wait` would not wait for something to receive.
  [[nodiscard]] virtual int descriptor() const noexcept { return -1; }
  /// Why the last transfer failed, such as "connection reset by peer".
  [[nodiscard]] virtual std::string problem() const = 0;
  /// The kind of that failure.
  [[nodiscard]] virtual ErrorCode problem_code() const { return ErrorCode::unreachable; }
};

}  // namespace cachesite::redis
