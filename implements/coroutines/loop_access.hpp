#pragma once

#include "event_loop/reactor.hpp"

#include <cachesite/component.hpp>
#include <cachesite/i_event_loop.hpp>

namespace cachesite::coroutines {

/// The event loop that something goes on on, with its timers. Whoever has it keeps the loop alive.
struct LoopAccess {
  /// The shared loop of the process. Throws what EventLoop::shared throws.
  [[nodiscard]] static LoopAccess shared();
  /// The loop of a component, such as a connection; the shared one for a component that has none.
  [[nodiscard]] static LoopAccess of(IComponent& component);

  IEventLoop* loop;
  event_loop::IReactor* reactor;
};

}  // namespace cachesite::coroutines
