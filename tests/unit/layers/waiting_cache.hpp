#pragma once

#include "support/held_calls.hpp"

#include <cachesite/async_request.hpp>
#include <cachesite/cache_layer.hpp>

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace cachesite::test {

/// A cache with an asynchronous form: its calls are answered at once, or wait without a thread until a test answers
/// them. It writes down what is asked, in a list that several may share.
class WaitingCache final : public CacheLayer {
 public:
  struct Diary {
    std::mutex mutex;
    std::vector<std::string> lines;
    std::size_t from_threads = 0;
  };

  WaitingCache(std::string name, std::shared_ptr<ICache> below, std::shared_ptr<Diary> diary)
      : CacheLayer(std::move(below)), name_(std::move(name)), diary_(std::move(diary)) {}

  /// Whether asynchronous calls wait from now on.
  void hold(bool holds) { holds_ = holds; }
  [[nodiscard]] std::size_t waiting() const { return calls_.size(); }
  /// Answers the call that has waited longest; false without any.
  bool answer() {
    return end([this](CacheRequest& request) { forward_guarded(request); });
  }
  bool fail(const Error& error) {
    return end([&](CacheRequest& request) { request.fail(error); });
  }

 protected:
  void do_begin(CacheRequest& request) override {
    note(request, true);
    forward(request);
  }
  bool do_begin_async(AsyncRequest& call) override {
    note(call.request(), false);
    if (!holds_) {
      forward_guarded(call.request());
      return true;
    }
    return !calls_.hold(call);
  }
  [[nodiscard]] bool may_wait() const noexcept override { return true; }

 private:
  void note(const CacheRequest& request, bool from_thread) {
    std::string line =
        name_ + " " + std::string(to_string(request.operation)) + " " + std::string(request.key);
    for (std::size_t item = 0; request.is_batch() && item < request.items(); ++item)
      line += " " + std::string(request.key_of(item));
    const bool stores = request.effect() == CacheEffect::store && !request.is_batch();
    if (stores) line += " for " + std::to_string(request.time_to_live.count());
    const std::lock_guard lock(diary_->mutex);
    diary_->lines.push_back(std::move(line));
    diary_->from_threads += from_thread ? 1 : 0;
  }
  template <class End>
  bool end(End end) {
    const auto first = calls_.take_first();
    if (!first) return false;
    CacheRequest& request = first->call->request();
    const auto own = std::exchange(request.key, first->key);
    end(request);
    request.key = own;
    first->call->resume();
    return true;
  }

  const std::string name_;
  const std::shared_ptr<Diary> diary_;
  bool holds_ = false;
  HeldCalls calls_;
};

}  // namespace cachesite::test
