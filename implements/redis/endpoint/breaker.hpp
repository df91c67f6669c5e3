#pragma once

#include "basics/back_off.hpp"
#include "redis/base/deadline.hpp"

#include <cachesite/detail/redis_statistics.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>

namespace cachesite::redis {

struct BreakerOptions {
  std::uint32_t failures = 5;  // 0: never opens
  basics::BackOff::Pause first_pause = std::chrono::milliseconds(200);
  basics::BackOff::Pause longest_pause = std::chrono::seconds(5);
};

/// Circuit breaker (M. Nygard, Release It!) for a server that can be reached and does not answer in time.
///
///     closed     calls go to the server       `failures` unanswered calls in a row -> open
///     open       calls are refused until      a call after that time, the probe -> half_open
///                `next_probe_`                any answer, of a call that began earlier -> closed
///     half_open  the probe is under way,      any answer -> closed
///                other calls are refused      the probe is not answered -> open, for about twice as long
///                                             the probe ends without a decision -> open, until now
///                                             it takes too long: another call is the probe
///
/// A plain state machine. The owner has a lock around everything that changes it; `troubled`, `refuses` and
/// `state` are for any thread.
class Breaker {
 public:
  using State = RedisBreakerState;

  Breaker(const BreakerOptions& options, std::uint64_t seed) noexcept
      : failures_(options.failures), pauses_(options.first_pause, options.longest_pause, seed) {}

  /// False while the last call was answered, so that an answer changes nothing and no call is refused.
  [[nodiscard]] bool troubled() const noexcept { return unanswered_.load(relaxed) != 0; }
  [[nodiscard]] State state() const noexcept { return state_.load(relaxed); }
  /// Whether a call that begins now would be refused.
  [[nodiscard]] bool refuses(TimePoint now) const noexcept {
    return state() != State::closed && now < next_probe_.load(relaxed);
  }

  enum class Admission : std::uint8_t { free, probe, refused };
  /// A call begins. A call with a very short deadline cannot be the probe (`decisive` is false): its timeout
  /// says nothing about the server. A probe has to end with `probe_ended`, whatever else is reported of it;
  /// when it takes longer than `patience`, another call may be the probe.
  Admission enter(TimePoint now, bool decisive, std::chrono::nanoseconds patience) noexcept {
    if (state() == State::closed) return Admission::free;
    if (refuses(now)) return Admission::refused;
    if (!decisive) return Admission::free;
    state_.store(State::half_open, relaxed);
    next_probe_.store(now + patience, relaxed);
    ++probe_;
    return Admission::probe;
  }
  /// The number of the last probe; 0 is none.
  [[nodiscard]] std::uint64_t probe() const noexcept { return probe_; }
  /// Any call was answered. Returns true when that closes the breaker.
  bool answered() noexcept {
    unanswered_.store(0, relaxed);
    if (state() == State::closed) return false;
    state_.store(State::closed, relaxed);
    pauses_.reset();
    return true;
  }
  /// A call was not answered in time; `probe` is its number if it was one. Returns true when that opens the
  /// breaker, be it again.
  bool unanswered(TimePoint now, std::uint64_t probe) noexcept {
    const auto count = unanswered_.load(relaxed) + 1;
    unanswered_.store(count, relaxed);
    if (failures_ == 0) return false;
    if (state() == State::closed ? count < failures_ : !is_under_way(probe)) return false;
    state_.store(State::open, relaxed);
    next_probe_.store(now + pauses_.next(), relaxed);
    ++openings_;
    return true;
  }
  /// When the probe has brought no decision, another call may be one.
  void probe_ended(TimePoint now, std::uint64_t probe) noexcept {
    if (!is_under_way(probe)) return;
    state_.store(State::open, relaxed);
    next_probe_.store(now, relaxed);
  }

  /// How many calls in a row were not answered.
  [[nodiscard]] std::uint64_t count() const noexcept { return unanswered_.load(relaxed); }
  [[nodiscard]] std::uint64_t openings() const noexcept { return openings_; }

 private:
  static constexpr auto relaxed = std::memory_order_relaxed;

  [[nodiscard]] bool is_under_way(std::uint64_t probe) const noexcept {
    return state() == State::half_open && probe == probe_;
  }

  const std::uint32_t failures_;
  basics::BackOff pauses_;
  std::atomic<std::uint64_t> unanswered_{0};  // not 0 unless the breaker is closed
  std::atomic<State> state_{State::closed};
  std::atomic<TimePoint> next_probe_{TimePoint{}};
  std::uint64_t probe_ = 0;
  std::uint64_t openings_ = 0;
};

}  // namespace cachesite::redis
