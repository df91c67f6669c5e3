#pragma once

#include "coroutines/loop_access.hpp"
#include "event_loop/timer_wheel.hpp"

#include <cachesite/executor.hpp>

#include <atomic>
#include <coroutine>
#include <cstdint>
#include <optional>
#include <stop_token>

namespace cachesite::coroutines {

using event_loop::TimePoint;

/// Where a coroutine waits until it is woken, a time has come or a stop is requested; perhaps less long, so it looks
/// again. It goes on on the loop, never within `wake()` or `request_stop()`.
///
///     idle      nobody waits               wake() -> woken; the coroutine waits -> waiting
///     woken     so far for nobody          the coroutine does not wait -> idle
///     waiting   the coroutine is suspended wake(), its time, a stop -> woken, and the loop resumes it -> idle
///
/// Its time is told by the clock of the loop.
class Pause final : private Work, private event_loop::Timer {
 public:
  class Awaiter;

  explicit Pause(const LoopAccess& place) noexcept : place_(place) {}
  Pause(const Pause&) = delete;
  Pause& operator=(const Pause&) = delete;

  [[nodiscard]] TimePoint now() const noexcept { return place_.reactor->now(); }
  /// From any thread. Precondition: the pause does not end meanwhile.
  void wake() noexcept;
  /// What to await.
  [[nodiscard]] Awaiter until(TimePoint when, const std::stop_token& stop) noexcept;

 private:
  enum class State : std::uint8_t { idle, waiting, woken };
  struct Wake {
    Pause* pause;
    void operator()() const noexcept { pause->wake(); }
  };

  void run() noexcept override { coroutine_.resume(); }
  void expire() noexcept override { wake(); }
  [[nodiscard]] bool suspend(std::coroutine_handle<> coroutine, TimePoint when,
                             const std::stop_token& stop) noexcept;
  void go_on() noexcept;

  const LoopAccess place_;
  std::atomic<State> state_{State::idle};
  std::coroutine_handle<> coroutine_;
  bool armed_ = false;
  std::optional<std::stop_callback<Wake>> on_stop_;
};

class Pause::Awaiter {
 public:
  Awaiter(Pause& pause, TimePoint when, const std::stop_token& stop) noexcept
      : pause_(pause), when_(when), stop_(stop) {}

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  [[nodiscard, gnu::noinline]] bool await_suspend(std::coroutine_handle<> coroutine) const noexcept {
    return pause_.suspend(coroutine, when_, stop_);
  }
  void await_resume() const noexcept { pause_.go_on(); }

 private:
  Pause& pause_;
  const TimePoint when_;
  const std::stop_token& stop_;
};

inline Pause::Awaiter Pause::until(TimePoint when, const std::stop_token& stop) noexcept {
  return Awaiter(*this, when, stop);
}

}  // namespace cachesite::coroutines
