#pragma once

#include "basics/per_process_mutex.hpp"

#include <cachesite/clock.hpp>
#include <cachesite/i_tiered_cache.hpp>
#include <cachesite/memory_cache.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>

namespace cachesite::tiered {

/// What the near tier knows: copies of entries, and keys that the far tier has nothing for.
///
/// A copy is made of what a caller saw or stored some time ago, so it carries a ticket: a change of the key
/// in the meantime makes the ticket void, and the copy is given up.
class NearTier {
 public:
  using Ticket = std::uint64_t;

  NearTier(std::shared_ptr<ICache> copies, std::chrono::milliseconds near_ttl,
           std::chrono::milliseconds negative_ttl, const ComponentContext& context);

  /// An answer without the far tier; empty when there is none.
  std::optional<Found> read(std::string_view key, Value& destination) noexcept;

  /// Ends a read that takes an ended copy, too.
  void read_copy(CacheRequest& request) noexcept { copies_->perform(request); }
  /// As IStaleStore. False when the near tier does not offer it.
  bool keep_ended(std::chrono::milliseconds time) noexcept;
  void forget_ended() noexcept;

  /// To be taken before the far tier is asked.
  [[nodiscard]] Ticket ticket(std::string_view key) const noexcept;
  /// Keeps a copy for at most `left`, which was true at `asked`.
  void fill(std::string_view key, std::optional<ByteView> value, const Remaining& left,
            IClock::TimePoint asked, Ticket ticket) noexcept;
  void fill_absent(std::string_view key, Ticket ticket) noexcept;

  /// The far tier has just stored this; the ticket was taken before. When somebody else changed the entry
  /// meanwhile, nobody knows whose value is there now, and there is no copy.
  void changed_to(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live,
                  Ticket ticket) noexcept;
  /// The far tier may have changed the entry. True when there was a copy.
  bool changed(std::string_view key) noexcept;
  /// The far tier may have changed the end of the entry: its copy ends, and is kept like one that has ended.
  void changed_end(std::string_view key) noexcept;
  void changed_matching(std::string_view pattern) noexcept;
  void clear() noexcept;

  [[nodiscard]] std::uint64_t size() noexcept { return copies_->size().value_or(0); }
  [[nodiscard]] bool is_down() const { return copies_->health().state == HealthState::down; }
  [[nodiscard]] IClock::TimePoint now() const noexcept { return clock_->now(); }

  std::atomic<std::uint64_t> fills{0};
  std::atomic<std::uint64_t> fills_dropped{0};

 private:
  // Far more counters than locks: keys that share a counter void each other's tickets. A hook in the near
  // cache may call the tiers again, so a thread may take its lock twice.
  struct alignas(64) Stripe {
    basics::PerProcessRecursiveMutex mutex;
    std::array<std::atomic<Ticket>, 64> changes{};
  };
  struct KeyChanges {
    Stripe& stripe;
    std::atomic<Ticket>& changes;
  };
  static constexpr std::uint64_t most_absent = 10'000;

  bool keep_copy(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live,
                 const KeyChanges& key_changes, Ticket ticket) noexcept;

  [[nodiscard]] KeyChanges changes_of(std::string_view key) const noexcept;
  void void_all_tickets() noexcept;
  [[nodiscard]] TimeToLive limited(TimeToLive time_to_live) const noexcept;

  const std::shared_ptr<ICache> copies_;
  const TimeToLive near_ttl_;
  const std::optional<TimeToLive> negative_ttl_;
  const std::shared_ptr<const IClock> clock_;
  MemoryCache absent_;
  std::atomic<bool> keeps_ended_{false};
  mutable std::array<Stripe, 64> stripes_;
};

}  // namespace cachesite::tiered
