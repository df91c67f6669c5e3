#pragma once

#include "event_loop/timer_wheel.hpp"

#include <cachesite/component.hpp>

#include <cstdint>

namespace cachesite::event_loop {

class WatchEntry;

/// Somebody who is told when a descriptor is ready; part of whatever it belongs to.
class Watch {
 public:
  /// The descriptor has become ready, as EPOLLIN, EPOLLOUT and so on say; or perhaps has not. It is told once
  /// for each change, so everything there is has to be read or written. Runs on a thread of the loop, on one
  /// at a time. The watch may end within, after `unwatch`.
  virtual void ready(std::uint32_t events) noexcept = 0;

 protected:
  Watch() noexcept = default;
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  ~Watch() = default;

 private:
  friend class Loop;
  WatchEntry* entry_ = nullptr;  // while it is watched
};

/// What the library's own components ask of an event loop, which they find by
/// `find_interface<event_loop::IReactor>(loop)`. Safe from any thread. After a fork the child's calls do
/// nothing.
///
/// `disarm`, `unwatch` and `forget` wait for an `expire()` or `ready()` of the same thing that runs in another thread,
/// so what it belongs to may end afterwards. So nobody calls them with a lock that these may want.
class IReactor : public Interface<IReactor, "cachesite.IReactor"> {
 public:
  /// Whom the loop tells the time by.
  [[nodiscard]] virtual TimePoint now() const noexcept = 0;

  /// Has `timer` expire at a time, or soon after: within 5 ms, unless the loop is busy. A timer that is armed
  /// gets a new time.
  virtual void arm(Timer& timer, TimePoint when) noexcept = 0;
  /// True when it was armed and will not expire.
  virtual bool disarm(Timer& timer) noexcept = 0;

  /// Tells `watch` of a socket from now on, at first of what it is ready for. False when the system has no
  /// room for it. Precondition: the watch has none so far. The socket may be in several loops.
  [[nodiscard]] virtual bool watch(int descriptor, Watch& watch) noexcept = 0;
  /// Tells it no more. To be called before the socket is closed.
  virtual void unwatch(Watch& watch) noexcept = 0;
  /// Tells it no more. For a socket that may be closed, whose number may be that of another one by now.
  virtual void forget(Watch& watch) noexcept = 0;
};

}  // namespace cachesite::event_loop
