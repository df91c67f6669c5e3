#pragma once

#include "redis/slot.hpp"

#include <cachesite/error.hpp>

#include <cstdint>

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

  /// `repeatable`: doing it twice is the same as doing it once.
  CallAttempts(bool repeatable, bool repeat_after_timeout) noexcept
      : repeatable_(repeatable), repeat_after_timeout_(repeat_after_timeout) {}

  /// An attempt has ended. `loss` is why, unless it was answered, timed out or was not open.
  Next after(Ending ending, ErrorCode loss, bool in_time) noexcept {
    const unsigned attempt = attempts_++;
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
        return attempt < most_openings && in_time ? Next::reconnect : Next::away;
      case Ending::lost_sent:
      case Ending::lost_unsent:
        break;
    }
    if ((loss == ErrorCode::timeout && !repeat_after_timeout_) || !in_time) return Next::late;
    if (loss == ErrorCode::closed) return Next::closed;
    return attempt < (sent_ ? 1U : 2U) && (!sent_ || repeatable_) ? Next::again : Next::lost;
  }

  /// Whether the last attempt may have reached the server.
  [[nodiscard]] bool sent() const noexcept { return sent_; }
  /// What is known of the command when the call fails now.
  [[nodiscard]] Outcome outcome() const noexcept { return ever_sent_ ? Outcome::unknown : Outcome::not_done; }

 private:
  static constexpr unsigned most_openings = 3;

  unsigned attempts_ = 0;
  bool repeatable_;
  bool repeat_after_timeout_;
  bool sent_ = false;
  bool ever_sent_ = false;
};

}  // namespace cachesite::redis
