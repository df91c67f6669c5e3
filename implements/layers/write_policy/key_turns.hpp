#pragma once

#include "basics/condition.hpp"

#include <chrono>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace cachesite::layers {

// One caller at a time for each key.
class KeyTurns {
 public:
  class Turn {
   public:
    Turn() noexcept = default;
    Turn(KeyTurns* turns, std::string key) noexcept : turns_(turns), key_(std::move(key)) {}
    Turn(Turn&& other) noexcept : turns_(std::exchange(other.turns_, nullptr)), key_(std::move(other.key_)) {}
    Turn& operator=(Turn&&) = delete;
    ~Turn() {
      if (turns_ != nullptr) turns_->end(key_);
    }
    [[nodiscard]] bool held() const noexcept { return turns_ != nullptr; }

   private:
    KeyTurns* turns_ = nullptr;
    std::string key_;
  };

  // A turn that is not held when it did not come within the limit.
  Turn take(std::string_view key, std::chrono::milliseconds limit) {
    std::string name(key);
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, limit, [&] { return taken_.find(name) == taken_.end(); })) return {};
    taken_.insert(name);
    return {this, std::move(name)};
  }

 private:
  void end(const std::string& key) noexcept {
    {
      const std::lock_guard lock(mutex_);
      taken_.erase(key);
    }
    changed_.notify_all();
  }

  std::mutex mutex_;
  basics::Condition changed_;
  std::unordered_set<std::string> taken_;
};

}  // namespace cachesite::layers
