#pragma once

#include "memory/base/external_entry.hpp"
#include "memory/base/removal.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite::memory {

// What one operation leaves to be done when no lock is held any more: memory to free, removals to tell.
class DeferredWork {
 public:
  explicit DeferredWork(const RemovalListener* listener) noexcept : listener_(listener) {}
  DeferredWork(const DeferredWork&) = delete;
  DeferredWork& operator=(const DeferredWork&) = delete;
  ~DeferredWork() {
    while (dropped_ != nullptr) {
      const std::unique_ptr<ExternalEntry> entry(dropped_);
      dropped_ = entry->next_dropped;
    }
  }

  bool listening() const noexcept { return listener_ != nullptr; }
  // Without memory the listener misses this one removal.
  void note(std::string_view key, RemovalCause cause) noexcept {
    try {
      removals_.push_back({std::string(key), cause});
    } catch (...) {
    }
  }
  void drop(ExternalEntry* entry) noexcept {
    entry->next_dropped = dropped_;
    dropped_ = entry;
  }
  void defer_sweep() noexcept { sweep_deferred_ = true; }
  // True when the operation should also sweep a shard that is not its own.
  bool has_sweep() const noexcept { return sweep_deferred_; }
  // Call without a lock. What the listener throws is not the cache's business.
  void tell() const noexcept {
    for (const Removal& removal : removals_) {
      try {
        (*listener_)(removal.key, removal.cause);
      } catch (...) {
      }
    }
  }

 private:
  const RemovalListener* listener_;
  ExternalEntry* dropped_ = nullptr;
  bool sweep_deferred_ = false;
  std::vector<Removal> removals_;
};

}  // namespace cachesite::memory
