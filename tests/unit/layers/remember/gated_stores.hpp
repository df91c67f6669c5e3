#pragma once

#include "support/held_calls.hpp"

#include <cachesite/async_request.hpp>
#include <cachesite/cache_layer.hpp>
#include <cachesite/memory_cache.hpp>

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace cachesite::test {

// A cache whose asynchronous calls wait without a thread until the test lets them go on, and whose blocking stores
// wait at a gate. Either may fail.
class GatedStores final : public CacheLayer {
 public:
  explicit GatedStores(std::shared_ptr<ICache> below = std::make_shared<MemoryCache>())
      : CacheLayer(std::move(below)) {}

  void hold(bool holds = true) { holds_ = holds; }
  [[nodiscard]] std::size_t held() const { return calls_.size(); }
  // Lets the first one go on, on this thread. False when there is none.
  bool release() {
    return calls_.answer([this](CacheRequest& request) { answer(request); });
  }

  void close() { set_closed(true); }
  void open() { set_closed(false); }
  [[nodiscard]] int at_gate() const { return at_gate_; }

  // What has been asked, and how much of it by threads that would have waited.
  [[nodiscard]] std::vector<CacheOperation> asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }
  [[nodiscard]] int asked_by_threads() const { return asked_by_threads_; }
  void forget_questions() {
    const std::lock_guard lock(mutex_);
    asked_.clear();
    asked_by_threads_ = 0;
  }

  std::atomic<std::size_t> failing{0};  // the number of the question that fails; 0: none
  std::atomic<bool> tells_lives{true};
  std::atomic<bool> has_copies{false};  // which answer for the store, and do not know TTLs
  std::function<void(const CacheRequest&)> before_answer = [](const CacheRequest&) {};

 protected:
  [[nodiscard]] bool may_wait() const noexcept override { return true; }
  void do_begin(CacheRequest& request) override {
    ++asked_by_threads_;
    if (request.effect() == CacheEffect::store) {
      std::unique_lock lock(mutex_);
      ++at_gate_;
      opened_.wait(lock, [this] { return !closed_; });
      --at_gate_;
    }
    answer(request);
  }
  bool do_begin_async(AsyncRequest& call) override {
    if (!holds_) {
      answer(call.request());
      return true;
    }
    call.keep_arguments();
    return !calls_.hold(call);
  }

 private:
  void answer(CacheRequest& request) {
    std::size_t number = 0;
    {
      const std::lock_guard lock(mutex_);
      asked_.push_back(request.operation);
      number = asked_.size();
    }
    before_answer(request);
    if (number == failing) return request.fail(Error(ErrorCode::unreachable, "the server is away"));
    forward(request);
    const bool copies = has_copies && (request.limits == nullptr || !request.limits->max_staleness);
    for (auto& life : request.lives) {
      if (!tells_lives || copies) life.left = Remaining();
      life.near = copies;
    }
  }
  void set_closed(bool closed) {
    const std::lock_guard lock(mutex_);
    closed_ = closed;
    opened_.notify_all();
  }

  mutable std::mutex mutex_;
  std::condition_variable opened_;
  HeldCalls calls_;
  std::vector<CacheOperation> asked_;
  bool closed_ = false;
  std::atomic<bool> holds_{false};
  std::atomic<int> at_gate_{0};
  std::atomic<int> asked_by_threads_{0};
};

}  // namespace cachesite::test
