#pragma once

#include <cachesite/work.hpp>

namespace cachesite {

/// Where work is run: an event loop, a thread pool, a strand. Passed by a pointer that owns nothing.
class IExecutor {
 public:
  /// Runs `work` later, once, never inside this call, and never beside a lock of its own. It must not fail:
  /// what it needs, it has before. Called from any thread.
  virtual void execute(Work& work) noexcept = 0;

 protected:
  ~IExecutor() = default;
};

}  // namespace cachesite
