#pragma once

#include "basics/per_process_mutex.hpp"
#include "layers/tiered/backplane_guard.hpp"
#include "layers/tiered/copy_note.hpp"

#include <cachesite/change_feed.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

namespace cachesite::tiered {

/// Who vouches for copies: the servers whose news come without a gap, or a backplane, or each while the other does
/// not. A copy carries the epoch of who vouched for it when it was made, the number of an unbroken time of news; it
/// is served while that epoch is the one that is vouched for, and the news are known to be complete. Without a
/// watch and a backplane nobody vouches for anything. Safe from any thread.
///
/// Who vouches for the copies of a server, with both:
///
///     server      its news come                            its epoch ends -> backplane
///     backplane   they do not; copies live shortly, since  the server has an epoch -> server
///                 the backplane hears less
///
/// Each change of that is a new epoch.
class Guard {
 public:
  /// The watch must outlive the guard's use.
  void attach(const IFeedWatch& watch) noexcept { watch_.store(&watch, std::memory_order_release); }
  /// Before anything else is called: the backplane vouches, alone or while a server does not.
  void use_backplane(BackplaneGuard& bus, bool alone, std::chrono::milliseconds fallback_ttl) noexcept {
    bus_ = &bus;
    alone_ = alone;
    fallback_ttl_ = fallback_ttl;
  }
  /// Whether the news that are heard are never those of own changes.
  [[nodiscard]] bool keeps_own() const noexcept { return alone_; }
  /// The number under which copies of a server are kept: a backplane knows no servers.
  [[nodiscard]] std::uint16_t place_of(std::uint16_t server) const noexcept {
    return alone_ ? std::uint16_t{0} : server;
  }
  /// Whether a copy may be served at `now`, in nanoseconds of the clock. `more` is added to the time that its
  /// server is trusted; negative for who wants it fresher. To be asked after the copy was read.
  [[nodiscard]] bool vouches_for(const detail::INotedStore::Note& note, std::int64_t now,
                                 std::int64_t more = 0) const noexcept {
    const Slot& slot = slots_[CopyNote::server_of(note)];
    const auto* const served = slot.served.load(std::memory_order_acquire);
    return served != nullptr && CopyNote::epoch_of(note) != 0 &&
           served->load(std::memory_order_acquire) == CopyNote::epoch_of(note) &&
           now < slot.valid_until.load(std::memory_order_acquire)->load(std::memory_order_relaxed) + more &&
           slot.served.load(std::memory_order_relaxed) == served;
  }

  /// What a copy gets.
  struct Vouch {
    std::uint32_t epoch = 0;                                // 0: nobody vouches for one
    std::optional<std::chrono::milliseconds> longest_life;  // where that is less than of others
  };
  /// That of an entry of this server. To be asked before `generation` is compared.
  [[nodiscard]] Vouch vouch_for(std::uint16_t server, std::int64_t now) noexcept;
  /// The epoch that is served, whether the news are known to be complete or not.
  [[nodiscard]] std::uint32_t served_epoch(std::uint16_t server) noexcept;
  /// Grows whenever an epoch changes.
  [[nodiscard]] std::uint64_t generation() const noexcept;
  /// For how long, in nanoseconds, a copy that may not be served has not been vouched for; nothing when that is
  /// too long ago to be known.
  [[nodiscard]] std::optional<std::int64_t> lost_for(const detail::INotedStore::Note& note,
                                                     std::int64_t now) const noexcept;
  /// To be called when the epoch of a server, or of the backplane, has changed: decides who vouches. The new epoch,
  /// and whether it was another before.
  struct Change {
    std::uint32_t before;
    std::uint32_t after;
  };
  Change note_change(std::uint16_t server, std::int64_t now) noexcept;
  /// Whether any server is vouched for.
  [[nodiscard]] bool vouches_for_any(std::int64_t now) const noexcept;
  [[nodiscard]] bool backplane_vouches(std::int64_t now) const noexcept;
  /// Servers that have been asked about have smaller numbers.
  [[nodiscard]] std::uint16_t servers() const noexcept { return slots_used_.load(); }

 private:
  struct Slot {
    std::atomic<const std::atomic<std::uint32_t>*> served{nullptr};  // null until it is asked for
    std::atomic<const std::atomic<std::int64_t>*> valid_until{nullptr};
    // As far as `note_change` has told.
    std::atomic<std::uint32_t> known{0};
    std::atomic<std::uint32_t> lost{0};
    std::atomic<std::int64_t> lost_at{0};
  };

  [[nodiscard]] Slot* slot_of(std::uint16_t server) noexcept;
  void choose(Slot& slot, std::uint16_t server) noexcept;

  std::atomic<const IFeedWatch*> watch_{nullptr};
  BackplaneGuard* bus_ = nullptr;
  bool alone_ = false;
  std::chrono::milliseconds fallback_ttl_{0};
  std::atomic<std::uint16_t> slots_used_{0};
  std::array<Slot, FeedServer::most> slots_;
  basics::PerProcessMutex choosing_;
};

}  // namespace cachesite::tiered
