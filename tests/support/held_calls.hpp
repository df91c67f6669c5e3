#pragma once

#include <cachesite/async_request.hpp>
#include <cachesite/event_loop.hpp>

#include <algorithm>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace cachesite::test {

/// Asynchronous calls of a cache that wait without a thread until a test answers them. They may be cancelled and
/// abandoned.
class HeldCalls final : public AsyncHolder {
 public:
  struct Held {
    AsyncRequest* call = nullptr;
    std::string key;  // what it asked for: its own view may be gone when it is answered
  };

  /// False when the call is not to wait.
  bool hold(AsyncRequest& call) {
    const std::lock_guard lock(mutex_);
    held_.push_back({&call, std::string(call.request().key)});
    if (call.suspend(*this, *loop_)) return true;
    held_.pop_back();
    return false;
  }
  [[nodiscard]] std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return held_.size();
  }
  /// The one that has waited longest, which then belongs to who answers it.
  [[nodiscard]] std::optional<Held> take_first() {
    const std::lock_guard lock(mutex_);
    if (held_.empty()) return std::nullopt;
    auto first = std::move(held_.front());
    held_.pop_front();
    return first;
  }
  /// Ends that one with `end(request)`. False without any.
  template <class End>
  bool answer(End end) {
    const auto first = take_first();
    if (!first) return false;
    end(first->call->request());
    first->call->resume();
    return true;
  }

  bool cancel(AsyncRequest& call) noexcept override {
    if (!take(call)) return false;
    call.request().fail(Error(ErrorCode::closed, "the caller has asked for the end", Outcome::unknown));
    call.resume();
    return true;
  }
  bool abandon(AsyncRequest& call) noexcept override { return take(call); }

 private:
  bool take(AsyncRequest& call) noexcept {
    const std::lock_guard lock(mutex_);
    const auto place =
        std::find_if(held_.begin(), held_.end(), [&](const Held& held) { return held.call == &call; });
    if (place == held_.end()) return false;
    held_.erase(place);
    return true;
  }

  const std::shared_ptr<EventLoop> loop_ = EventLoop::shared();
  mutable std::mutex mutex_;
  std::deque<Held> held_;
};

}  // namespace cachesite::test
