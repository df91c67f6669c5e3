#include "coroutines/loop_access.hpp"

#include <cachesite/event_loop.hpp>

namespace cachesite::coroutines {

using event_loop::IReactor;

LoopAccess LoopAccess::shared() {
  IEventLoop& loop = *EventLoop::shared();  // never destroyed
  return {&loop, find_interface<IReactor>(loop)};
}

LoopAccess LoopAccess::of(IComponent& component) {
  if (auto* const loop = find_interface<IEventLoop>(component))
    if (auto* const reactor = find_interface<IReactor>(*loop)) return {loop, reactor};
  return shared();
}

}  // namespace cachesite::coroutines
