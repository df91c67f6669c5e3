#pragma once

#include <chrono>

namespace cachesite::detail {

/// A cache in memory that can keep entries after the end of their TTL, for reads that ask for such entries
/// (see StaleRead). Safe from any thread.
class IStaleStore {
 public:
  /// Ended entries are kept for so long, or longer if that was asked for before. False when this is not
  /// possible.
  virtual bool keep_ended(std::chrono::milliseconds time) noexcept = 0;
  /// Gives up all entries that have ended by now.
  virtual void forget_ended() noexcept = 0;

 protected:
  ~IStaleStore() = default;
};

}  // namespace cachesite::detail
