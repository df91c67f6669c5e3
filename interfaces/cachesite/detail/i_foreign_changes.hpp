#pragma once

#include <chrono>
#include <string_view>

namespace cachesite::detail {

/// Somebody who is told of changes of entries that were made elsewhere. Called by any thread, with locks held: must
/// neither wait nor call the cache.
class IForeignChangeListener {
 public:
  virtual void changed_elsewhere(std::string_view key) noexcept = 0;
  /// Any entry may have changed, or changes may have been missed.
  virtual void everything_changed_elsewhere() noexcept = 0;

 protected:
  ~IForeignChangeListener() = default;
};

/// A cache that hears of changes which do not go through it. Safe from any thread.
class IForeignChanges {
 public:
  /// False when this cache hears of none. Throws std::bad_alloc.
  virtual bool add_listener(IForeignChangeListener& listener) = 0;
  /// No call of the listener is under way afterwards.
  virtual void remove_listener(IForeignChangeListener& listener) noexcept = 0;
  /// Waits, at most for `limit`, until listeners have been told of all changes that were acknowledged before this
  /// call. Does not wait while changes may be missed.
  virtual void await_changes(std::chrono::milliseconds limit) noexcept = 0;
  /// Whether listeners are also told of changes that were made through this cache.
  [[nodiscard]] virtual bool tells_own_changes() const noexcept = 0;

 protected:
  ~IForeignChanges() = default;
};

}  // namespace cachesite::detail
