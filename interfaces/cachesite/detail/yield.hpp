#pragma once

#include <cachesite/detail/resumption.hpp>
#include <cachesite/executor.hpp>

#include <coroutine>

namespace cachesite::detail {

/// What `co_await` of an executor's `yield()` waits for: that what came before it has been run.
class [[nodiscard]] Yield {
 public:
  explicit Yield(IExecutor& executor) noexcept : executor_(&executor) {}
  Yield(const Yield&) = delete;
  Yield& operator=(const Yield&) = delete;
  ~Yield() {
    if (resumption_ != nullptr) resumption_->forget();
  }

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  // Nothing of the coroutine is touched once its resumption is on the way (clang before 17 would otherwise keep
  // locals of an inlined call in the coroutine's frame).
  [[gnu::noinline]] bool await_suspend(std::coroutine_handle<> coroutine) noexcept {
    Resumption* const resumption = Resumption::make();
    if (resumption == nullptr) return false;
    resumption->set(coroutine);
    resumption_ = resumption;
    executor_->execute(*resumption);
    return true;
  }
  void await_resume() noexcept { resumption_ = nullptr; }

 private:
  IExecutor* executor_;
  Resumption* resumption_ = nullptr;  // while suspended
};

}  // namespace cachesite::detail
