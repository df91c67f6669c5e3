#pragma once

#include <cachesite/executor.hpp>

namespace cachesite::detail {

/// Runs the work of callers whose calls ended at once. What such a work brings runs behind it, not within it,
/// so that a function that makes the next call does not use up the stack.
class FlatTurn {
 public:
  static void run(Work& work) noexcept {
    if (current != nullptr) return current->later_.push(work);
    FlatTurn turn;
    current = &turn;
    for (Work* each = &work; each != nullptr; each = turn.later_.pop())
      each->run();
    current = nullptr;
  }

 private:
  static inline constinit thread_local FlatTurn* current = nullptr;
  WorkQueue later_;
};

}  // namespace cachesite::detail
