#pragma once

#include "coroutines/pause.hpp"
#include "coroutines/routine.hpp"
#include "mutex/backend.hpp"
#include "mutex/held_lock.hpp"
#include "mutex/lease_keeper.hpp"
#include "mutex/lock_line.hpp"

#include <cachesite/clock.hpp>
#include <cachesite/result.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <utility>

namespace cachesite::mutex {

/// One request that tries again and again, by the first in line. Unless it is granted, it takes back in the
/// end what it may have left at the backend: at once while the backend answers, else in the background.
///
///     asking    an attempt is with the backend   granted -> granted; denied, or a failure that may pass -> pausing;
///                                                any other failure, a stop, the deadline -> over
///     pausing   until another attempt may be     -> asking; a stop -> over
///               worth it
///     granted   the claim holds the mutex
///     over      what may be left is taken back
class Acquisition {
 public:
  struct Surroundings {
    Backend& backend;
    LeaseKeeper& keeper;
    const IClock& clock;
    /// How long the backend may fail on end.
    std::chrono::milliseconds outage_patience;
  };

  /// `deadline` is the end of the wait for others, and `end` that of everything.
  Acquisition(const Surroundings& surroundings, std::shared_ptr<HeldLock> held_lock, TimePoint deadline,
              TimePoint end = TimePoint::max())
      : around_(surroundings),
        held_lock_(std::move(held_lock)),
        deadline_(std::min(deadline, end)),
        end_(end) {}
  ~Acquisition();
  Acquisition(const Acquisition&) = delete;
  Acquisition& operator=(const Acquisition&) = delete;

  /// False when others had it until the deadline.
  Result<bool> run(LockLine::Waiter& waiter, const std::stop_token& stop);
  /// The same without a thread, to its end: there is nothing left to take back then. `pause` is that of the waiter.
  coroutines::Routine<Result<bool>> async_run(LockLine::Waiter& waiter, coroutines::Pause& pause,
                                              std::stop_token stop);

 private:
  using milliseconds = std::chrono::milliseconds;
  enum class Remains : std::uint8_t { nothing, waiting, perhaps_the_mutex };

  [[nodiscard]] Backend::Limit begin_attempt();
  [[nodiscard]] bool will_wait() const noexcept { return deadline_ > last_sent_; }
  void note(const Result<AttemptResult>& attempt);
  void grant(LockLine::Waiter& waiter, const AttemptResult& attempt);
  [[nodiscard]] milliseconds left() const;
  void wait(const AttemptResult& failed, milliseconds limit, const std::stop_token& stop);
  coroutines::Routine<Result<bool>> async_try(LockLine::Waiter& waiter, coroutines::Pause& pause,
                                              const std::stop_token& stop);
  [[nodiscard]] milliseconds pause_after(const Result<AttemptResult>& attempt, milliseconds limit) const;
  [[nodiscard]] bool bears(const Error& error) const;
  [[nodiscard]] Remains finish() noexcept;

  const Surroundings around_;
  const std::shared_ptr<HeldLock> held_lock_;
  const TimePoint deadline_;
  const TimePoint end_;
  bool granted_ = false;
  bool may_have_it_ = false;  // an attempt was sent and not answered
  bool over_ = false;
  TimePoint last_sent_{};
  std::optional<TimePoint> failing_since_;
};

/// The failure of a wait that was stopped.
[[nodiscard]] Error stopped_error();

}  // namespace cachesite::mutex
