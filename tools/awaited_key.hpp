#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>

namespace cachesite::tool {

/// A key of whose change one thread waits to hear, and others tell.
class AwaitedKey {
 public:
  void await(const std::string& key) {
    const std::lock_guard lock(mutex_);
    key_ = key;
    heard_ = false;
  }
  void changed(std::string_view key) noexcept {
    const std::lock_guard lock(mutex_);
    heard_ = heard_ || key == key_;
    told_.notify_all();
  }
  [[nodiscard]] bool heard_within(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    return told_.wait_for(lock, patience, [&] { return heard_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable told_;
  std::string key_;
  bool heard_ = false;
};

}  // namespace cachesite::tool
