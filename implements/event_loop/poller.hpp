#pragma once

#include "basics/file_descriptor.hpp"

#include <array>
#include <chrono>
#include <span>

#include <sys/epoll.h>

namespace cachesite::event_loop {

/// What the system has for a loop: a set of descriptors (epoll), with one to wake who waits for the set (eventfd)
/// and one for the time, for those who watch the set from outside (timerfd).
class Poller {
 public:
  /// Throws std::system_error.
  Poller();

  /// The set itself.
  [[nodiscard]] int descriptor() const noexcept { return set_.get(); }

  struct Found {
    std::span<const epoll_event> events;  // valid until the next call
    bool woken = false;                   // by wake()
    bool timed = false;                   // by set_timer()
    bool more = false;                    // perhaps; asked again, it tells the rest
  };
  /// Waits until a descriptor is ready, for at most so many milliseconds, or for ever with -1. One thread at a
  /// time.
  Found wait(int milliseconds) noexcept;

  /// Makes the set readable until the next wait() has found it. From any thread.
  void wake() noexcept;
  /// The same after a time, 0 or less for at once. From any thread.
  void set_timer(std::chrono::nanoseconds from_now) noexcept;

  /// Adds a descriptor, edge-triggered, or takes it out. From any thread.
  [[nodiscard]] bool add(int descriptor, void* owner) noexcept;
  void remove(int descriptor) noexcept;

 private:
  basics::FileDescriptor set_, wake_, timer_;
  std::array<epoll_event, 64> events_;
};

}  // namespace cachesite::event_loop
