#pragma once

#include "support/held_calls.hpp"

#include <cachesite/async_request.hpp>
#include <cachesite/cache_layer.hpp>
#include <cachesite/memory_cache.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <future>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace cachesite::test {

/// A cache with an asynchronous form: its asynchronous calls wait without a thread until a test answers them, and it
/// counts the calls that come from threads.
class HeldCache final : public CacheLayer {
 public:
  explicit HeldCache(std::shared_ptr<ICache> below = std::make_shared<MemoryCache>())
      : CacheLayer(std::move(below)) {}

  /// How many wait.
  [[nodiscard]] std::size_t held() const { return calls_.size(); }
  /// Calls that a thread has made.
  [[nodiscard]] int blocking() const { return blocking_; }
  /// What asynchronous calls have asked for so far.
  [[nodiscard]] std::vector<CacheOperation> asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

  /// Answers the one that has waited longest; false without any.
  bool answer() {
    return calls_.answer([this](CacheRequest& request) {
      const auto lives = std::exchange(request.lives, tells_lives ? request.lives : std::span<EntryLife>());
      forward_guarded(request);
      request.lives = lives;
    });
  }
  /// The same with a failure.
  bool fail(const Error& error) {
    return calls_.answer([&](CacheRequest& request) { request.fail(error); });
  }
  /// The result of a call, for which it answers all that is asked.
  template <class R>
  R answer_all(std::future<R> call) {
    while (call.wait_for(std::chrono::seconds(0)) != std::future_status::ready)
      if (!answer()) std::this_thread::yield();
    return call.get();
  }

  bool tells_lives = true;

 protected:
  void do_begin(CacheRequest& request) override {
    ++blocking_;
    forward(request);
  }
  bool do_begin_async(AsyncRequest& request) override {
    request.keep_arguments();
    (void)request.deadline(std::chrono::steady_clock::now());  // which begins with the first who asks
    {
      const std::lock_guard lock(mutex_);
      asked_.push_back(request.request().operation);
    }
    return !calls_.hold(request);
  }
  [[nodiscard]] bool may_wait() const noexcept override { return true; }

 private:
  HeldCalls calls_;
  mutable std::mutex mutex_;
  std::vector<CacheOperation> asked_;
  std::atomic<int> blocking_{0};
};

}  // namespace cachesite::test
