#pragma once

#include <cachesite/cache.hpp>

#include <atomic>

namespace cachesite::tiered {

/// The right of one TieredCache to keep its copies in a cache: those of two would be taken for each other.
/// Without a lock, since a forked child may release what it inherits.
class NearClaim {
 public:
  /// Throws std::invalid_argument when another one has the cache.
  explicit NearClaim(const ICache& near);
  ~NearClaim() { slot_->cache.store(nullptr); }
  NearClaim(const NearClaim&) = delete;
  NearClaim& operator=(const NearClaim&) = delete;

 private:
  struct Slot {
    std::atomic<const ICache*> cache;
    Slot* next;
  };

  static Slot* take_slot(const ICache& near);

  static std::atomic<Slot*> slots;  // used again and never freed
  Slot* slot_;
};

}  // namespace cachesite::tiered
