#include "layers/tiered/near_claim.hpp"

#include <stdexcept>

namespace cachesite::tiered {

std::atomic<NearClaim::Slot*> NearClaim::slots{nullptr};

NearClaim::NearClaim(const ICache& near) : slot_(take_slot(near)) {
  // Of two that take the same cache at once, both may be refused, but never none.
  for (const Slot* slot = slots.load(); slot != nullptr; slot = slot->next)
    if (slot != slot_ && slot->cache.load() == &near) {
      slot_->cache.store(nullptr);
      throw std::invalid_argument("TieredCache: near: another TieredCache keeps its copies in this cache");
    }
}

NearClaim::Slot* NearClaim::take_slot(const ICache& near) {
  for (Slot* slot = slots.load(); slot != nullptr; slot = slot->next)
    if (const ICache* free = nullptr; slot->cache.compare_exchange_strong(free, &near)) return slot;
  auto* slot = new Slot{&near, slots.load()};
  while (!slots.compare_exchange_weak(slot->next, slot)) {
  }
  return slot;
}

}  // namespace cachesite::tiered
