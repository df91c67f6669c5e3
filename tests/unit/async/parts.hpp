#pragma once

#include "unit/event_loop/parts.hpp"

#include <cachesite/async_call.hpp>
#include <cachesite/cache_layer.hpp>
#include <cachesite/memory_cache.hpp>

#include <atomic>
#include <condition_variable>
#include <coroutine>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

namespace cachesite::test {

/// A layer of a program's own, without an asynchronous form: its calls wait for a gate, and may do something
/// before and afterwards.
class GatedCache final : public CacheLayer {
 public:
  explicit GatedCache(std::shared_ptr<ICache> below = std::make_shared<MemoryCache>())
      : CacheLayer(std::move(below)) {}

  void close() { set(true); }
  void open() { set(false); }
  /// Calls that have begun so far, those that wait now, and the most that did so at a time.
  [[nodiscard]] int begun() const { return begun_; }
  [[nodiscard]] int waiting() const { return waiting_; }
  [[nodiscard]] int most_waiting() const { return most_waiting_; }
  [[nodiscard]] CacheLayer& layer() { return *this; }

  std::function<void(const CacheRequest&)> before_call = [](const CacheRequest&) {};
  std::function<void(const CacheRequest&)> after_call = [](const CacheRequest&) {};

 protected:
  void do_begin(CacheRequest& request) override {
    ++begun_;
    {
      std::unique_lock lock(mutex_);
      most_waiting_ = std::max<int>(most_waiting_, ++waiting_);
      opened_.wait(lock, [&] { return !closed_; });
      --waiting_;
    }
    before_call(request);
    forward(request);
    after_call(request);
  }

 private:
  void set(bool closed) {
    const std::lock_guard lock(mutex_);
    closed_ = closed;
    opened_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable opened_;
  bool closed_ = false;
  std::atomic<int> begun_{0};
  std::atomic<int> waiting_{0};
  std::atomic<int> most_waiting_{0};
};

/// A coroutine that begins at once and belongs to nobody.
struct Detached {
  struct promise_type {
    Detached get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
};

}  // namespace cachesite::test
