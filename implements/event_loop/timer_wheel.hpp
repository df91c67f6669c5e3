#pragma once

#include "event_loop/linked_list.hpp"

#include <cachesite/clock.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace cachesite::event_loop {

using TimePoint = IClock::TimePoint;

/// Something to be done at a time; part of whatever it belongs to. Armed by IReactor.
///
///     idle     in no list                  armed -> armed
///     armed    in the wheel                its time comes -> due; armed anew -> armed; disarmed -> idle
///     due      waits for a thread          it is taken -> idle, and expire() runs; armed anew -> armed;
///                                          disarmed -> idle
class Timer : public Linked {
 public:
  /// Runs on a thread of the loop, no earlier than the time. The timer may be armed anew, or end, within.
  virtual void expire() noexcept = 0;

 protected:
  Timer() noexcept = default;
  ~Timer() = default;

 private:
  friend class TimerWheel;
  friend class Loop;
  enum class State : std::uint8_t { idle, armed, due };
  std::int64_t tick_ = 0;
  State state_ = State::idle;
};

/// Timers by their time, in a round of 512 slots of 4 ms. Putting one in and taking it out cost the same
/// whatever the number of timers, and allocate nothing. Those of later rounds wait in their slot.
class TimerWheel {
 public:
  static constexpr std::chrono::milliseconds tick_length{4};

  explicit TimerWheel(TimePoint now) noexcept : origin_(now) {}

  /// Precondition: the timer is idle.
  void insert(Timer& timer, TimePoint when) noexcept;
  /// Precondition: the timer is armed. It is idle then.
  void remove(Timer& timer) noexcept;
  /// Moves timers whose time has come to the end of `due`.
  void advance(TimePoint now, LinkedList<Timer>& due) noexcept;
  /// A time before which `advance` moves nothing; the last there is when no timer is armed.
  [[nodiscard]] TimePoint next() const noexcept;
  [[nodiscard]] std::size_t armed() const noexcept { return armed_; }

 private:
  static constexpr std::size_t slot_count = 512;
  using Slot = LinkedList<Timer>;

  [[nodiscard]] static std::size_t slot_of(std::int64_t tick) noexcept {
    return static_cast<std::size_t>(tick) % slot_count;
  }
  void empty_slot(std::size_t slot, std::int64_t now, LinkedList<Timer>& due) noexcept;
  // How many ticks after `tick` the next slot is that has a timer. Precondition: there is one.
  [[nodiscard]] std::int64_t distance_after(std::int64_t tick) const noexcept;

  TimePoint origin_;
  std::int64_t now_ = 0;  // the tick up to which slots have been emptied
  std::size_t armed_ = 0;
  std::array<std::uint64_t, slot_count / 64> used_{};  // a bit for each slot that has a timer
  std::array<Slot, slot_count> slots_;
};

}  // namespace cachesite::event_loop
