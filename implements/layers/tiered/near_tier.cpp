#include "layers/tiered/near_tier.hpp"

#include <cachesite/detail/i_stale_store.hpp>

#include <functional>
#include <utility>

namespace cachesite::tiered {

namespace {

constexpr std::memory_order relaxed = std::memory_order_relaxed;

MemoryCacheOptions absent_options(std::uint64_t most) {
  MemoryCacheOptions options;
  options.max_size = most;
  return options;
}

}  // namespace

NearTier::NearTier(std::shared_ptr<ICache> copies, std::chrono::milliseconds near_ttl,
                   std::chrono::milliseconds negative_ttl, const ComponentContext& context)
    : copies_(std::move(copies)),
      near_ttl_(near_ttl),
      negative_ttl_(negative_ttl.count() > 0 ? std::optional(TimeToLive(negative_ttl)) : std::nullopt),
      clock_(context.clock),
      absent_(absent_options(most_absent), context) {}

NearTier::KeyChanges NearTier::changes_of(std::string_view key) const noexcept {
  const std::size_t hash = std::hash<std::string_view>()(key);
  auto& stripe = stripes_[hash % stripes_.size()];
  return {stripe, stripe.changes[hash / stripes_.size() % stripe.changes.size()]};
}

TimeToLive NearTier::limited(TimeToLive time_to_live) const noexcept {
  return time_to_live.expires() && time_to_live.count() < near_ttl_.count() ? time_to_live : near_ttl_;
}

std::optional<Found> NearTier::read(std::string_view key, Value& destination) noexcept {
  const auto found = copies_->read(key, destination);
  if (found.ok() && found.value() != Found::miss) return found.value();
  if (negative_ttl_ && absent_.contains(key).value_or(false)) return Found::miss;
  return std::nullopt;
}

bool NearTier::keep_ended(std::chrono::milliseconds time) noexcept {
  auto* const store = dynamic_cast<detail::IStaleStore*>(copies_.get());
  if (store == nullptr || !store->keep_ended(time)) return false;
  keeps_ended_.store(true, relaxed);
  return true;
}

void NearTier::forget_ended() noexcept {
  if (auto* const store = dynamic_cast<detail::IStaleStore*>(copies_.get())) store->forget_ended();
}

NearTier::Ticket NearTier::ticket(std::string_view key) const noexcept {
  return changes_of(key).changes.load(std::memory_order_acquire);
}

void NearTier::fill(std::string_view key, std::optional<ByteView> value, const Remaining& left,
                    IClock::TimePoint asked, Ticket ticket) noexcept {
  if (left.state == Remaining::State::absent) return;
  const auto own = changes_of(key);
  const std::lock_guard lock(own.stripe.mutex);
  if (own.changes.load(relaxed) != ticket) {
    fills_dropped.fetch_add(1, relaxed);
    return;
  }
  TimeToLive time_to_live = near_ttl_;
  if (left.state == Remaining::State::expires) {
    // What has passed since the answer, rounded up, so that the copy ends before its entry.
    const auto passed = std::chrono::floor<std::chrono::milliseconds>(clock_->now() - asked);
    const auto rest = left.left - passed - std::chrono::milliseconds(1);
    if (rest.count() < 1) return;
    time_to_live = limited(TimeToLive(rest));
  }
  if (keep_copy(key, value, time_to_live, own, ticket)) fills.fetch_add(1, relaxed);
  if (negative_ttl_) (void)absent_.remove(key);
}

// A value that the near tier has no room for must not leave the one before it, nor may one stay that a hook
// of the near tier made out of date.
bool NearTier::keep_copy(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live,
                         const KeyChanges& key_changes, Ticket ticket) noexcept {
  const bool kept =
      copies_->write(key, value, time_to_live).ok() && key_changes.changes.load(relaxed) == ticket;
  if (!kept) (void)copies_->remove(key);
  return kept;
}

void NearTier::fill_absent(std::string_view key, Ticket ticket) noexcept {
  if (!negative_ttl_) return;
  const auto own = changes_of(key);
  const std::lock_guard lock(own.stripe.mutex);
  if (own.changes.load(relaxed) != ticket)
    fills_dropped.fetch_add(1, relaxed);
  else
    (void)absent_.write(key, std::nullopt, *negative_ttl_);
}

void NearTier::changed_to(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live,
                          Ticket ticket) noexcept {
  const auto own = changes_of(key);
  const std::lock_guard lock(own.stripe.mutex);
  const bool alone = own.changes.fetch_add(1, std::memory_order_release) == ticket;
  if (negative_ttl_) (void)absent_.remove(key);
  if (!alone) fills_dropped.fetch_add(1, relaxed);
  if (alone)
    (void)keep_copy(key, value, limited(time_to_live), own, ticket + 1);
  else
    (void)copies_->remove(key);
}

bool NearTier::changed(std::string_view key) noexcept {
  const auto own = changes_of(key);
  const std::lock_guard lock(own.stripe.mutex);
  own.changes.fetch_add(1, std::memory_order_release);
  if (negative_ttl_) (void)absent_.remove(key);
  return copies_->remove(key).value_or(false);
}

void NearTier::changed_end(std::string_view key) noexcept {
  if (!keeps_ended_.load(relaxed)) return static_cast<void>(changed(key));
  const auto own = changes_of(key);
  const std::lock_guard lock(own.stripe.mutex);
  own.changes.fetch_add(1, std::memory_order_release);
  if (negative_ttl_) (void)absent_.remove(key);
  if (!copies_->expire(key, std::chrono::milliseconds(1)).ok()) (void)copies_->remove(key);
}

void NearTier::void_all_tickets() noexcept {
  for (auto& each : stripes_) {
    const std::lock_guard lock(each.mutex);
    for (auto& changes : each.changes)
      changes.fetch_add(1, std::memory_order_release);
  }
}

void NearTier::changed_matching(std::string_view pattern) noexcept {
  void_all_tickets();
  if (!copies_->remove_matching(pattern).ok()) (void)copies_->clear();
}

void NearTier::clear() noexcept {
  void_all_tickets();
  (void)copies_->clear();
  (void)static_cast<ICache&>(absent_).clear();
}

}  // namespace cachesite::tiered
