#pragma once

#include "basics/inherited.hpp"

#include <memory>
#include <mutex>
#include <stop_token>
#include <vector>

namespace cachesite::queue {

/// The consumers that a site has handed out, which end with it. In a forked child they are the parent's.
template <class Consumer>
class ConsumerList {
 public:
  /// Takes a consumer in. Ends it at once when the site is stopped, or in a forked child, and gives false.
  bool add(const std::shared_ptr<Consumer>& consumer) {
    if (fork_mark_.forked()) {
      consumer->stop();
      return false;
    }
    const std::lock_guard lock(mutex_);
    std::erase_if(consumers_, [](const auto& weak) { return weak.expired(); });
    consumers_.push_back(consumer);
    if (!stopped_.stop_requested()) return true;
    consumer->stop();
    return false;
  }
  void stop() noexcept {
    if (fork_mark_.forked()) return;
    std::vector<std::weak_ptr<Consumer>> consumers;
    {
      const std::lock_guard lock(mutex_);
      stopped_.request_stop();
      consumers.swap(consumers_);
    }
    for (const auto& weak : consumers)
      if (const auto consumer = weak.lock()) consumer->stop();
  }
  /// Requested when the site is stopped.
  [[nodiscard]] std::stop_token stopped() const noexcept { return stopped_.get_token(); }

 private:
  const basics::ForkMark fork_mark_;
  std::mutex mutex_;
  std::vector<std::weak_ptr<Consumer>> consumers_;
  std::stop_source stopped_;
};

}  // namespace cachesite::queue
