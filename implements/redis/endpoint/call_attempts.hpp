#pragma once

#include "redis/wire/request_slot.hpp"

#include <cachesite/error.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace cachesite::redis {

/// Decides after each attempt of a call what becomes of it. A plain state machine: what was never written is
/// written again, what was written is repeated once if that does no harm, and everything else ends the call.
class CallAttempts {
 public:
  enum class Next : std::uint8_t {
    done,      // the answer is there
    late,      // the deadline has passed
    spoilt,    // the answer cannot be used
    closed,    // somebody ended the connection on purpose
    lost,      // the connection ended and the command must not be repeated
    away,      // there is no connection
    again,     // one more attempt
    reconnect  // the same, and nobody may have noticed yet that the connection has ended
  };

  /// `repeatable`: doing it twice is the same as doing it once. `connections`: how many there may be, all of
  /// which may turn out to have ended, one after the other.
  CallAttempts(bool repeatable, bool repeat_after_timeout, std::size_t connections) noexcept
      : connections_(connections), repeatable_(repeatable), repeat_after_timeout_(repeat_after_timeout) {}

  /// An attempt has ended. `loss` is why, unless it was answered, timed out or was not open.
  Next after(Ending ending, ErrorCode loss, bool in_time) noexcept {
    const std::size_t attempt = attempts_++;
    sent_ = ending == Ending::timed_out_sent || ending == Ending::lost_sent || ending == Ending::spoilt;
    ever_sent_ = ever_sent_ || sent_;
    switch (ending) {
      case Ending::answered:
        return Next::done;
      case Ending::timed_out_queued:
      case Ending::timed_out_sent:
        return Next::late;
      case Ending::spoilt:
        return Next::spoilt;
      case Ending::not_open:
        return attempt <= connections_ && in_time ? Next::reconnect : Next::away;
      case Ending::lost_sent:
      case Ending::lost_unsent:
        break;
    }
    if ((loss == ErrorCode::timeout && !repeat_after_timeout_) || !in_time) return Next::late;
    if (loss == ErrorCode::closed) return Next::closed;
    if (!sent_) return attempt <= connections_ ? Next::again : Next::lost;
    return repeatable_ && !std::exchange(repeated_, true) ? Next::again : Next::lost;
  }

  /// Whether the last attempt may have reached the server.
  [[nodiscard]] bool sent() const noexcept { return sent_; }
  /// What is known of the command when the call fails now.
  [[nodiscard]] Outcome outcome() const noexcept { return ever_sent_ ? Outcome::unknown : Outcome::not_done; }

 private:
  std::size_t attempts_ = 0;
  const std::size_t connections_;
  bool repeatable_;
  bool repeat_after_timeout_;
  bool sent_ = false;
  bool ever_sent_ = false;
  bool repeated_ = false;
};

}  // namespace cachesite::redis
