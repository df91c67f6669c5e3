#pragma once

#include <mutex>
#include <set>
#include <string>
#include <string_view>

namespace cachesite::remembering {

/// The keys that something is being done for, each once. Safe from any thread.
class KeysAtWork {
 public:
  /// False when the key is there.
  bool begin(std::string_view key) {
    const std::lock_guard lock(mutex_);
    return keys_.emplace(key).second;
  }
  void end(std::string_view key) noexcept {
    const std::lock_guard lock(mutex_);
    if (const auto found = keys_.find(key); found != keys_.end()) keys_.erase(found);
  }

 private:
  std::mutex mutex_;
  std::set<std::string, std::less<>> keys_;
};

}  // namespace cachesite::remembering
