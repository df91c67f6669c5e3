#include "layers/tiered/guard.hpp"

#include <algorithm>
#include <mutex>

namespace cachesite::tiered {

namespace {

const std::atomic<std::uint32_t> nobody{0};

}  // namespace

Guard::Slot* Guard::slot_of(std::uint16_t server) noexcept {
  const bool ready = alone_ || watch_.load(std::memory_order_acquire) != nullptr;
  if (!ready || server >= slots_.size()) return nullptr;
  Slot& slot = slots_[server];
  if (slot.served.load(std::memory_order_acquire) != nullptr) return &slot;
  const std::lock_guard lock(choosing_);
  if (slot.served.load(std::memory_order_acquire) == nullptr) choose(slot, server);
  auto used = slots_used_.load();
  while (used <= server && !slots_used_.compare_exchange_weak(used, static_cast<std::uint16_t>(server + 1))) {
  }
  return &slot;
}

// With the lock. That a server vouches again has made another generation already. A reader in the middle of it
// sees another pointer at the end than at the beginning, or nobody.
void Guard::choose(Slot& slot, std::uint16_t server) noexcept {
  const auto* const watch = watch_.load(std::memory_order_acquire);
  const bool by_server =
      watch != nullptr && (bus_ == nullptr || watch->served({server}).load(std::memory_order_acquire) != 0);
  const auto& served = by_server ? watch->served({server}) : bus_->served();
  const auto& until = by_server ? watch->valid_until({server}) : bus_->valid_until();
  const auto* const before = slot.served.load(std::memory_order_acquire);
  if (before == &served) return;
  if (before != nullptr) {
    slot.served.store(&nobody, std::memory_order_release);
    if (!by_server) bus_->renew();
  }
  slot.valid_until.store(&until, std::memory_order_release);
  slot.served.store(&served, std::memory_order_release);
}

Guard::Vouch Guard::vouch_for(std::uint16_t server, std::int64_t now) noexcept {
  const Slot* const slot = slot_of(server);
  if (slot == nullptr) return {};
  const auto* const served = slot->served.load(std::memory_order_acquire);
  const bool of_backplane = bus_ != nullptr && served == &bus_->served();
  Vouch vouch{served->load(std::memory_order_acquire), std::nullopt};
  const auto until = slot->valid_until.load(std::memory_order_acquire)->load(std::memory_order_acquire);
  if (now >= until) return {};
  if (!of_backplane && !watch_.load(std::memory_order_acquire)->fills({server})) return {};
  if (of_backplane && (!alone_ || bus_->is_doubtful())) vouch.longest_life = fallback_ttl_;
  return vouch;
}

std::uint32_t Guard::served_epoch(std::uint16_t server) noexcept {
  const Slot* const slot = slot_of(server);
  return slot == nullptr ? 0 : slot->served.load(std::memory_order_relaxed)->load(std::memory_order_acquire);
}

std::optional<std::int64_t> Guard::lost_for(const detail::INotedStore::Note& note,
                                            std::int64_t now) const noexcept {
  const Slot& slot = slots_[CopyNote::server_of(note)];
  const auto epoch = CopyNote::epoch_of(note);
  const auto* const served = slot.served.load(std::memory_order_acquire);
  if (served == nullptr || epoch == 0) return std::nullopt;
  if (served->load(std::memory_order_acquire) == epoch)
    return now - slot.valid_until.load(std::memory_order_relaxed)->load(std::memory_order_relaxed);
  if (slot.lost.load(std::memory_order_acquire) != epoch) return std::nullopt;
  return now - slot.lost_at.load(std::memory_order_relaxed);
}

// Called by one thread at a time.
Guard::Change Guard::note_change(std::uint16_t server, std::int64_t now) noexcept {
  Slot* const slot = slot_of(server);
  if (slot == nullptr) return {0, 0};
  if (bus_ != nullptr && !alone_) {
    const std::lock_guard lock(choosing_);
    choose(*slot, server);
  }
  const auto after = slot->served.load(std::memory_order_relaxed)->load(std::memory_order_acquire);
  const auto before = slot->known.exchange(after);
  if (before != 0 && before != after) {
    slot->lost_at.store(now, std::memory_order_relaxed);
    slot->lost.store(before, std::memory_order_release);
  }
  return {before, after};
}

std::uint64_t Guard::generation() const noexcept {
  const auto* const watch = watch_.load(std::memory_order_acquire);
  const auto of_servers = watch == nullptr ? 0 : watch->generation().load(std::memory_order_acquire);
  const auto of_backplane = bus_ == nullptr ? 0 : bus_->generation();
  return of_servers + of_backplane;
}

bool Guard::backplane_vouches(std::int64_t now) const noexcept {
  return bus_ != nullptr && bus_->served().load(std::memory_order_acquire) != 0 &&
         now < bus_->valid_until().load(std::memory_order_acquire);
}

bool Guard::vouches_for_any(std::int64_t now) const noexcept {
  const auto used = slots_used_.load();
  return std::any_of(slots_.begin(), slots_.begin() + used, [now](const Slot& slot) {
    const auto* const served = slot.served.load(std::memory_order_acquire);
    return served != nullptr && served->load(std::memory_order_acquire) != 0 &&
           now < slot.valid_until.load(std::memory_order_relaxed)->load(std::memory_order_relaxed);
  });
}

}  // namespace cachesite::tiered
