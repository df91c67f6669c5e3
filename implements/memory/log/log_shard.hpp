#pragma once

#include "basics/shard_lock.hpp"
#include "memory/base/budget.hpp"
#include "memory/base/deferred_work.hpp"
#include "memory/base/external_entry.hpp"
#include "memory/base/hash.hpp"
#include "memory/base/prefetch.hpp"
#include "memory/base/retired_pages.hpp"
#include "memory/base/shard_context.hpp"
#include "memory/base/shard_statistics.hpp"
#include "memory/base/tick_clock.hpp"
#include "memory/base/write_outcome.hpp"
#include "memory/log/arena.hpp"
#include "memory/log/bucket_table.hpp"
#include "memory/log/entry.hpp"
#include "memory/log/entry_log.hpp"
#include "memory/log/frequency_sketch.hpp"

#include <cachesite/bytes.hpp>
#include <cachesite/lookup.hpp>
#include <cachesite/value.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace cachesite::memory {

// One part of a W-TinyLFU cache. New entries enter the window log; where its tail meets the main log's tail,
// the sketch decides which of the two stays. The main log is a CLOCK: a used entry is appended again instead
// of going.
//
// Reads take no lock unless they meet an entry outside the arena, an expired one, or too many writers.
// Aligned to its size, so that finding a shard takes no multiplication.
class alignas(2048) LogShard {
 public:
  explicit LogShard(const ShardContext& context) noexcept;
  LogShard(const LogShard&) = delete;
  LogShard& operator=(const LogShard&) = delete;
  ~LogShard();

  // The short way, without a lock. False when it cannot tell, or the value is long.
  // `take` gets the words of the value, its size and the time, and is false when it cannot take it.
  template <class Take>
  bool read_fast(std::uint64_t hash, std::string_view key, Found& found, Take take) const noexcept;
  // The answer where `read_fast` gave none: a few optimistic attempts, then the lock. Throws std::bad_alloc
  // for the destination's memory.
  Found read(std::uint64_t hash, std::string_view key, Value& destination, DeferredWork& deferred);
  // Also finds an entry that has ended and is kept; `ended_for` is 0 for one that has not.
  Found read_ended(std::uint64_t hash, std::string_view key, Value& destination, Tick& ended_for);
  Found read_with_life(std::uint64_t hash, std::string_view key, Value& destination, Remaining& left);
  Remaining remaining(std::uint64_t hash, std::string_view key) noexcept;
  void prefetch_bucket(std::uint64_t hash) const noexcept;
  void prefetch_entry(std::uint64_t hash) const noexcept;

  // What every write changes: the bucket, and all that the lock guards.
  void prefetch_for_write(std::uint64_t hash) const noexcept {
    table_.prefetch_for_write(hash);
    prefetch_state(std::make_index_sequence<lines_of_state>());
  }

  enum class FastWrite : std::uint8_t {
    stored,
    stored_with_sweep,  // and a sweep is deferred
    absent,             // the lock stays held, for `store_absent`
    unsure,             // nothing is done
  };
  // Writes over an entry of the same shape when nothing else is to be done. `header` is that of a plain
  // entry, made at `now`.
  FastWrite overwrite_fast(std::uint64_t hash, std::string_view key, const std::optional<ByteView>& value,
                           EntryHeader header, Tick expiry, Tick now) noexcept;
  struct NewEntry {
    std::uint64_t hash;
    std::string_view key;
    const std::optional<ByteView>& value;
    ExternalEntry* external;
    EntryHeader header;
    Tick expiry;
  };
  // What follows on `absent`: stores a new plain entry and lets the lock go.
  WriteOutcome store_absent(const NewEntry& fresh, Tick now, DeferredWork& deferred) noexcept;
  // Bytes of the longest key and value together of which it is known that they do not need to be external.
  static constexpr std::size_t longest_fast(unsigned segment_word_bits) noexcept {
    constexpr std::size_t padding = 14;
    const std::size_t words = (std::size_t{1} << segment_word_bits) / 4 - 2;
    return 8 * words > padding ? std::min(8 * words - padding, EntryHeader::largest_part) : 0;
  }
  bool needs_external(std::string_view key, const std::optional<ByteView>& value) const noexcept;
  // `external` holds key and value when they do not go into the arena; taken over when stored.
  WriteOutcome write(std::uint64_t hash, std::string_view key, const std::optional<ByteView>& value,
                     Tick expiry, Tick now, std::unique_ptr<ExternalEntry>& external,
                     DeferredWork& deferred) noexcept;
  // The same under a condition, which is looked at and acted on in one step; `unchanged` when it does not
  // hold.
  WriteOutcome write_if(WriteCondition condition, std::uint64_t hash, std::string_view key,
                        const std::optional<ByteView>& value, Tick expiry,
                        std::unique_ptr<ExternalEntry>& external, DeferredWork& deferred) noexcept;
  // Adds to a counter, whose end stays, or makes one. `external`, where the counter needs one, has room for
  // the longest text of one; `sum` is set when stored.
  WriteOutcome increment(std::uint64_t hash, std::string_view key, std::int64_t by, Tick expiry,
                         std::unique_ptr<ExternalEntry>& external, std::int64_t& sum,
                         DeferredWork& deferred) noexcept;
  bool remove(std::uint64_t hash, std::string_view key, DeferredWork& deferred) noexcept;
  // Gives an entry another end. `unchanged` when there is none, and with `only_if_it_ends` when it has no
  // end.
  WriteOutcome expire(std::uint64_t hash, std::string_view key, Tick expiry, bool only_if_it_ends,
                      DeferredWork& deferred) noexcept;
  void clear(DeferredWork& deferred) noexcept;

  // Gives up to `most` entries away, for another shard's sake. False when there was none.
  bool give_up(unsigned most, DeferredWork& deferred) noexcept;
  // Sweeps a slice, on behalf of a write elsewhere, unless the shard is busy.
  void sweep_by(Tick now, DeferredWork& deferred) noexcept;
  // A slice of the upkeep that writes do: sweeping, shrinking, compacting.
  void upkeep(unsigned slices, DeferredWork& deferred) noexcept;
  // Hands over the keys in the bucket at `place` (of 2^32) and says where the next one begins; `no_place` is
  // the end. Places are hashes, so a walk meets every key that stays, whatever becomes of the table.
  std::uint64_t scan(std::uint64_t place, const std::function<void(std::string_view)>& visit);
  static constexpr std::uint64_t no_place = std::uint64_t{1} << 32U;

  ShardStatistics statistics() const noexcept;
  // Empty, or the first broken invariant in words.
  std::string check() const;

 private:
  // Holds the lock. Gives up what a forked process has inherited in the middle of a change.
  class Guard {
   public:
    explicit Guard(const LogShard& shard) noexcept : shard_(const_cast<LogShard&>(shard)) {
      shard_.lock_.lock();
      if (shard_.lock_.take_orphaned()) shard_.start_again();
    }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    ~Guard() { shard_.lock_.unlock(); }

   private:
    LogShard& shard_;
  };

  struct Located {
    SlotPosition position;
    std::uint32_t reference = 0;
  };
  // The oldest entry of a log, as it was when it became that or was last looked at: its bucket and its block
  // of the sketch are on their way into the processor's cache when they are wanted. May be out of date.
  struct Oldest {
    std::uint64_t hash = 0;
    SlotPosition position;
    EntryHeader header;
    std::uint32_t reference = EntryLog::none;
    static constexpr std::uint8_t unknown = 255;
    std::uint8_t estimate = unknown;  // what the sketch said, so many contests ago
    std::uint8_t contests = 0;
  };
  // Where the sweep is: it passes through the window, then through the main log, and so in the direction in
  // which entries move.
  struct Cursor {
    Tick soonest = never;  // of the entries met in this pass or added since
    std::uint32_t segment = Arena::none;
    std::uint32_t word = 0;
    std::uint8_t log = 1;
  };

  // Reading.
  enum class ReadAttempt : std::uint8_t { hit, null, miss, unsure };
  ReadAttempt read_optimistic(std::uint64_t hash, std::string_view key, Value& destination);
  Found read_locked(std::uint64_t hash, std::string_view key, Value& destination, DeferredWork& deferred);
  void copy_value(const Word* entry, EntryHeader header, Value& destination) const;
  void put_off(Word* entry, Tick now) noexcept;

  // Finding.
  std::uint64_t hash_of(std::uint32_t reference) const noexcept;
  std::string_view key_of(std::uint32_t reference) const noexcept;
  ExternalEntry* external_of(const Word* entry, EntryHeader header) const noexcept;
  std::string_view value_of(const Word* entry, EntryHeader header) const noexcept;
  bool is_entry_of(std::uint32_t reference, std::uint64_t hash, std::string_view key) const noexcept;
  bool find(std::uint64_t hash, std::string_view key, Located& located) noexcept;
  bool locate(std::uint64_t hash, std::uint32_t reference, SlotPosition& position) noexcept;
  auto hasher() const noexcept {
    return [this](std::uint32_t reference) { return hash_of(reference); };
  }

  // Writing.
  EntryHeader header_for(std::string_view key, const std::optional<ByteView>& value, bool external,
                         Tick expiry, Tick now) const noexcept;
  void fill(Word* entry, const NewEntry& fresh) noexcept;
  static void fill_plain(Word* entry, const NewEntry& fresh) noexcept;
  WriteOutcome put(const NewEntry& fresh, bool found, const Located& located, Tick now,
                   std::unique_ptr<ExternalEntry>& external, DeferredWork& deferred) noexcept;
  bool overwrite(const Located& located, const NewEntry& fresh, Tick now, DeferredWork& deferred) noexcept;
  WriteOutcome store(const NewEntry& fresh, bool found, Tick now, DeferredWork& deferred) noexcept;
  WriteOutcome append_absent(const NewEntry& fresh, Tick now, DeferredWork& deferred) noexcept;
  void expect_end(Tick deadline) noexcept {
    if (deadline < soonest_) soonest_ = deadline;
    if (deadline < cursor_.soonest) cursor_.soonest = deadline;
  }
  bool take_credit(Tick now, DeferredWork& deferred) noexcept;
  bool take_bytes(std::uint64_t bytes, Tick now, DeferredWork& deferred) noexcept;
  std::uint32_t append_to_window(std::size_t words, Tick now, DeferredWork& deferred) noexcept;
  void settle() noexcept;

  // Removing.
  void start_again() noexcept;
  void kill(std::uint32_t reference, EntryHeader header) noexcept;
  void forget_content(std::uint32_t reference, EntryHeader header, RemovalCause cause,
                      DeferredWork& deferred) noexcept;
  void forget_external(std::uint32_t reference, EntryHeader header, DeferredWork& deferred) noexcept;
  void drop(std::uint32_t reference, RemovalCause cause, DeferredWork& deferred) noexcept;
  void drop_at(const SlotPosition& position, std::uint32_t reference, EntryHeader header, RemovalCause cause,
               DeferredWork& deferred) noexcept;

  // Ahead of use.
  static constexpr std::size_t line_bytes = 64;
  static constexpr std::size_t lines_of_state = 5;  // from `lock_` on
  template <std::size_t... line>
  void prefetch_state(std::index_sequence<line...>) const noexcept {
    const auto* const state = reinterpret_cast<const char*>(&lock_);
    (memory::prefetch_for_write(state + line * line_bytes), ...);
  }
  void prefetch_end_of(const Oldest& oldest) const noexcept;
  void prefetch_for_eviction() const noexcept;

  // Evicting.
  bool evict_one(Tick now, DeferredWork& deferred) noexcept;
  bool evict_from_window(Tick now, DeferredWork& deferred) noexcept;
  bool evict_from_main(Tick now, DeferredWork& deferred) noexcept;
  enum class Search : std::uint8_t { found, dropped, nothing };
  Search find_victim(Oldest& victim, Tick now, DeferredWork& deferred) noexcept;
  bool find_oldest(EntryLog& log, Oldest& oldest) noexcept;
  bool is_expired(const Oldest& oldest, Tick now) const noexcept {
    return oldest.header.is_expired(arena_.at(oldest.reference), now);
  }
  void drop_oldest(const Oldest& oldest, RemovalCause cause, DeferredWork& deferred) noexcept {
    drop_at(oldest.position, oldest.reference, oldest.header, cause, deferred);
  }
  bool wins(const Oldest& candidate, Oldest& victim) noexcept;
  void look_ahead(EntryLog& log, Oldest& oldest) noexcept;
  void look_ahead_at(std::uint32_t reference, Oldest& oldest) noexcept;
  bool move(const SlotPosition& position, std::uint32_t reference, EntryHeader header, EntryLog& target,
            unsigned use) noexcept;
  bool move_oldest(const Oldest& oldest, EntryLog& target, unsigned use) noexcept {
    return move(oldest.position, oldest.reference, oldest.header, target, use);
  }
  std::uint64_t window_share() const noexcept;
  void balance() noexcept;
  void maintain(Tick now, DeferredWork& deferred) noexcept;
  bool keep_table(Tick now, DeferredWork& deferred) noexcept;
  bool has_room_to_spare(const EntryLog& log, unsigned part) const noexcept;
  bool wants_upkeep() const noexcept;
  // As far as is known.
  bool some_are_over(Tick now) const noexcept {
    return soonest_ <= now && soonest_ <= context_.budget.over_at(now);
  }
  bool is_due(Tick now) const noexcept {
    return some_are_over(now) || upkeep_pending_ || context_.budget.over();
  }
  // What nothing waits for is done with one write in so many.
  bool is_due_after_store(Tick now) const noexcept {
    return some_are_over(now) || upkeep_pending_ || has_spare_room_ || writes_ % writes_per_upkeep == 0;
  }
  static constexpr std::uint32_t writes_per_sweep_elsewhere = 16;
  static constexpr std::uint32_t writes_per_upkeep = 16;
  bool is_full() const noexcept {
    const Budget& budget = context_.budget;
    return budget.entries() >= budget.most_entries() ||
           budget.bytes() + budget.bytes() / 32 >= budget.most_bytes();
  }
  // Drops what is over among the next entries; does nothing when no entry can be over.
  bool sweep(unsigned steps, Tick now, DeferredWork& deferred) noexcept {
    return some_are_over(now) && sweep_on(steps, context_.budget.over_at(now), deferred);
  }
  bool sweep_on(unsigned steps, Tick now, DeferredWork& deferred) noexcept;
  void compact(EntryLog& log, unsigned steps) noexcept;
  std::uint64_t held_bytes() const noexcept;
  std::uint64_t entries() const noexcept { return window().entries() + main().entries(); }

  EntryLog& window() noexcept { return logs_[0]; }
  EntryLog& main() noexcept { return logs_[1]; }
  const EntryLog& window() const noexcept { return logs_[0]; }
  const EntryLog& main() const noexcept { return logs_[1]; }

  // Read by everybody, written seldom.
  const ShardContext& context_;
  const TickClock& clock_;
  RetiredPages retired_;
  BucketTable table_;
  Arena arena_;
  // Under the lock.
  alignas(64) mutable basics::ShardLock lock_;
  std::uint32_t writes_ = 0;
  bool upkeep_pending_ = true;   // what `maintain` does is not done yet
  bool has_spare_room_ = false;  // in a log; less urgent than what is pending
  Tick soonest_ = never;         // no entry is over before
  std::uint64_t spare_credits_ = 0;
  Cursor cursor_;
  alignas(64) std::array<EntryLog, 2> logs_;
  std::array<Oldest, 2> oldest_;  // of each log
  FrequencySketch sketch_;
  ShardStatistics counters_;
  std::uint64_t external_entries_ = 0;
  std::uint64_t external_bytes_ = 0;
};

}  // namespace cachesite::memory
