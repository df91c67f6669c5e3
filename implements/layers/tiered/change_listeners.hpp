#pragma once

#include "basics/per_process_mutex.hpp"

#include <cachesite/detail/i_foreign_changes.hpp>

#include <atomic>
#include <cstddef>
#include <mutex>
#include <string_view>
#include <vector>

namespace cachesite::tiered {

/// Layers above the tiers that are told what was changed elsewhere.
class ChangeListeners {
 public:
  void add(detail::IForeignChangeListener& listener) {
    const std::lock_guard lock(mutex_);
    listeners_.push_back(&listener);
    count_.store(listeners_.size(), std::memory_order_release);
  }
  void remove(const detail::IForeignChangeListener& listener) noexcept {
    const std::lock_guard lock(mutex_);
    std::erase(listeners_, &listener);
    count_.store(listeners_.size(), std::memory_order_release);
  }

  void tell_changed(std::string_view key) noexcept {
    for_each([key](auto& listener) { listener.changed_elsewhere(key); });
  }
  void tell_everything_changed() noexcept {
    for_each([](auto& listener) { listener.everything_changed_elsewhere(); });
  }

 private:
  template <class Tell>
  void for_each(Tell tell) noexcept {
    if (count_.load(std::memory_order_acquire) == 0) return;
    const std::lock_guard lock(mutex_);
    for (auto* const listener : listeners_)
      tell(*listener);
  }

  basics::PerProcessMutex mutex_;  // held while they are told
  std::vector<detail::IForeignChangeListener*> listeners_;
  std::atomic<std::size_t> count_{0};
};

}  // namespace cachesite::tiered
