#pragma once

#include "layers/tiered/change_listeners.hpp"
#include "layers/tiered/guard.hpp"
#include "layers/tiered/key_changes.hpp"
#include "layers/tiered/tier_rules.hpp"

#include <cachesite/clock.hpp>
#include <cachesite/i_tiered_cache.hpp>
#include <cachesite/memory_cache.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace cachesite::tiered {

inline constexpr std::memory_order relaxed = std::memory_order_relaxed;

/// What the near tier knows: copies of entries, and keys that the far tier has nothing for.
///
/// A copy is made of what a caller saw or stored some time ago, so it carries a ticket: a change of the key in
/// the meantime makes the ticket void, and the copy is given up.
///
/// With a guard each copy has a note of who vouches for it. States of a copy:
///
///     served    its epoch is the one that is vouched for     its end -> ended; the news of its server stop -> dead;
///                                                            a change of the key, own or told -> gone
///     dead      nobody vouches for it any more               its end -> ended; a fill -> served
///     ended     its TTL is over, and it is kept              the end of that time -> gone; a fill -> served
///     gone      there is none
///
/// Only a served copy is an answer; dead and ended ones are stale values for those who ask for such. Without a
/// guard every copy is served until it ends.
class NearTier {
 public:
  using Note = detail::INotedStore::Note;

  struct Ticket {
    KeyChanges::Count changes = 0;
    std::uint64_t generation = 0;  // of the guard
    IClock::TimePoint taken = {};  // where own copies have notes
  };
  struct Settings {
    std::chrono::milliseconds near_ttl;
    std::chrono::milliseconds negative_ttl;
    std::chrono::milliseconds keep_stale;
    std::chrono::milliseconds max_staleness;
    std::vector<TierRule> rules;
  };

  /// `guarded`: copies have notes. Throws std::invalid_argument when the near tier cannot do what is asked.
  NearTier(std::shared_ptr<ICache> copies, const Settings& settings, bool guarded,
           const ComponentContext& context);

  [[nodiscard]] bool guarded() const noexcept { return noted_ != nullptr; }
  [[nodiscard]] Guard& guard() noexcept { return guard_; }

  /// An answer without the far tier; empty when there is none.
  std::optional<Found> read(std::string_view key, Value& destination) noexcept {
    if (!guarded()) return read_plain(key, destination);
    Note note;
    std::int64_t now = 0;
    const auto found = noted_->read_noted(key, destination, note, now);
    if (found != Found::miss && guard_.vouches_for(note, now)) [[likely]]
      return found;
    return read_absent(key, 0);
  }
  /// The same within the limits of a caller, with the life of the entry if that is known.
  std::optional<Found> read_within(std::string_view key, Value& destination, const ReadLimits& limits,
                                   EntryLife& life) noexcept;

  /// Ends a read that takes an ended copy, too.
  void read_stale(CacheRequest& request) noexcept;
  /// As IStaleStore. False when the near tier does not offer it.
  bool keep_ended(std::chrono::milliseconds time) noexcept;
  void forget_ended() noexcept;
  /// How long a copy of the key is kept for who takes such.
  [[nodiscard]] std::chrono::milliseconds keep_stale_for(std::string_view key) const {
    return rules_.terms_for(key).keep_stale.value_or(settings_.keep_stale);
  }
  /// No copy that the ones before have made is left. Throws std::bad_alloc, and std::invalid_argument when ended copies
  /// cannot be kept.
  void set_rules(const std::vector<TierRule>& rules);

  /// To be taken before the far tier is asked.
  [[nodiscard]] Ticket ticket(std::string_view key) const noexcept {
    return {changes_.count(key), guard_.generation(), guard_.keeps_own() ? now() : IClock::TimePoint()};
  }
  /// Keeps a copy for at most the life that the far tier has told; it was asked at `asked` or later.
  void fill(std::string_view key, std::optional<ByteView> value, const EntryLife& life,
            IClock::TimePoint asked, const Ticket& ticket) noexcept;
  void fill_absent(std::string_view key, const EntryLife& life, const Ticket& ticket) noexcept;

  /// The far tier has just stored this; the ticket was taken before. When somebody else changed the entry
  /// meanwhile, nobody knows whose value is there now, and there is no copy; nor is there one with a guard, who
  /// cannot tell the news of this change from those of another, unless it is a backplane alone.
  void changed_to(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live,
                  const Ticket& ticket) noexcept;
  /// The far tier may have changed the entry. True when there was a copy.
  bool changed(std::string_view key) noexcept;
  /// The same, told by a server. A copy whose entry has ended by now stays as it is: this is its end. Told on to the
  /// layers above.
  bool told_changed(std::string_view key) noexcept;
  /// The far tier may have changed the end of the entry: its copy ends, and is kept like one that has ended.
  void changed_end(std::string_view key) noexcept;
  void changed_matching(std::string_view pattern) noexcept;
  void clear() noexcept;
  void void_all_tickets() noexcept { changes_.change_all(); }

  [[nodiscard]] CopyReport explain(std::string_view key) noexcept;
  /// Those of copies, and those that are known to be absent, until `visit` returns false.
  template <class Visit>
  void for_each_key(Visit visit) {
    for (auto* const cache : {copies_.get(), static_cast<ICache*>(&absent_)}) {
      auto range = cache->keys("*");
      for (const auto& key : range)
        if (!visit(key)) return;
    }
  }
  [[nodiscard]] std::uint64_t size() noexcept { return copies_->size().value_or(0); }
  [[nodiscard]] bool is_down() const { return copies_->health().state == HealthState::down; }
  [[nodiscard]] IClock::TimePoint now() const noexcept { return clock_->now(); }
  [[nodiscard]] std::int64_t nanoseconds() const noexcept {
    return std::chrono::nanoseconds(now().time_since_epoch()).count();
  }

  ChangeListeners listeners;
  std::atomic<std::uint64_t> fills{0};
  std::atomic<std::uint64_t> fills_dropped{0};
  std::atomic<std::uint64_t> fills_unvouched{0};
  std::atomic<std::uint64_t> fills_ruled_out{0};

 private:
  using Held = KeyChanges::Held;
  static constexpr std::uint64_t most_absent = 10'000;

  std::optional<Found> read_plain(std::string_view key, Value& destination) noexcept;
  std::optional<Found> read_vouched(std::string_view key, Value& destination, std::int64_t more,
                                    EntryLife& life) noexcept;
  std::optional<Found> read_absent(std::string_view key, std::int64_t more) noexcept;
  Result<Found> read_noted_stale(std::string_view key, Value& destination, StaleRead& stale) noexcept;
  struct Vouched {
    CopyNote note;
    TimeToLive longest;
  };
  std::optional<Vouched> note_for(const EntryLife& life, const Ticket& ticket, TimeToLive longest) noexcept;
  bool put(std::string_view key, std::optional<ByteView> value, const Remaining& left,
           IClock::TimePoint asked, Vouched vouched, const Held& held, KeyChanges::Count count) noexcept;
  bool keep_own(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live,
                TimeToLive longest, const Ticket& ticket, const Held& held) noexcept;
  bool keep_copy(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live,
                 const CopyNote& note, const Held& held, KeyChanges::Count count) noexcept;
  bool forget(std::string_view key) noexcept;
  bool forget_unless_ended(std::string_view key) noexcept;
  void explain_note(const Note& packed, std::int64_t now, CopyReport& report) noexcept;
  void keep_ended_by_rules();
  // With the lock of the key.
  void forget_absent(std::string_view key) noexcept {
    if (knows_absent_.load(relaxed)) (void)absent_.remove(key);
  }
  [[nodiscard]] std::uint64_t milliseconds_at(IClock::TimePoint time) const noexcept;
  [[nodiscard]] Remaining left_until(std::uint64_t entry_end) const noexcept;

  const std::shared_ptr<ICache> copies_;
  MemoryCache* const noted_;  // the same with a guard, else null
  const Settings settings_;
  TierRules rules_;
  const std::shared_ptr<const IClock> clock_;
  const IClock::TimePoint origin_;
  MemoryCache absent_;
  std::atomic<bool> knows_absent_{false};  // of any key, since it was made
  std::atomic<bool> keeps_ended_{false};
  Guard guard_;
  KeyChanges changes_;
};

}  // namespace cachesite::tiered
