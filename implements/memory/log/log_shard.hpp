#pragma once

#include "basics/shard_lock.hpp"
#include "memory/base/aftermath.hpp"
#include "memory/base/budget.hpp"
#include "memory/base/external_entry.hpp"
#include "memory/base/hash.hpp"
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

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

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

  // A first short look without a lock. False when it cannot tell, or the value is long.
  bool glance(std::uint64_t hash, std::string_view key, Value& destination, Found& found) const noexcept;
  // The answer after such a glance: longer looks, then the lock. Throws std::bad_alloc for the destination's
  // memory.
  Found read(std::uint64_t hash, std::string_view key, Value& destination, Aftermath& after);
  Remaining remaining(std::uint64_t hash, std::string_view key) noexcept;
  void prefetch_bucket(std::uint64_t hash) const noexcept;
  void prefetch_entry(std::uint64_t hash) const noexcept;

  // Writes over an entry of the same shape when nothing else is to be done; else does nothing and returns
  // false. `header` is that of a plain entry, made at `now`. `owes_sweep` as in Aftermath.
  bool overwrite_quickly(std::uint64_t hash, std::string_view key, const std::optional<ByteView>& value,
                         EntryHeader header, Tick expiry, Tick now, bool& owes_sweep) noexcept;
  bool needs_external(std::string_view key, const std::optional<ByteView>& value) const noexcept;
  // `external` holds key and value when they do not go into the arena; taken over when stored.
  WriteOutcome write(std::uint64_t hash, std::string_view key, const std::optional<ByteView>& value,
                     Tick expiry, Tick now, std::unique_ptr<ExternalEntry>& external,
                     Aftermath& after) noexcept;
  // The same under a condition, which is looked at and acted on in one step; `unchanged` when it does not
  // hold.
  WriteOutcome write_if(WriteCondition condition, std::uint64_t hash, std::string_view key,
                        const std::optional<ByteView>& value, Tick expiry,
                        std::unique_ptr<ExternalEntry>& external, Aftermath& after) noexcept;
  // Adds to a counter, whose end stays, or makes one. `external`, where the counter needs one, has room for
  // the longest text of one; `sum` is set when stored.
  WriteOutcome increment(std::uint64_t hash, std::string_view key, std::int64_t by, Tick expiry,
                         std::unique_ptr<ExternalEntry>& external, std::int64_t& sum,
                         Aftermath& after) noexcept;
  bool remove(std::uint64_t hash, std::string_view key, Aftermath& after) noexcept;
  // Gives an entry another end. `unchanged` when there is none, and with `only_if_it_ends` when it has no
  // end.
  WriteOutcome expire(std::uint64_t hash, std::string_view key, Tick expiry, bool only_if_it_ends,
                      Aftermath& after) noexcept;
  void clear(Aftermath& after) noexcept;

  // Gives up to `most` entries away, for another shard's sake. False when there was none.
  bool give_up(unsigned most, Aftermath& after) noexcept;
  // Sweeps a slice, on behalf of a write elsewhere, unless the shard is busy.
  void sweep_by(Aftermath& after) noexcept;
  // A slice of the upkeep that writes do: sweeping, shrinking, compacting.
  void upkeep(unsigned slices, Aftermath& after) noexcept;
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
  // Where the sweep is: it passes through the window, then through the main log, and so in the direction in
  // which entries move.
  struct Cursor {
    std::uint32_t segment = Arena::none;
    std::uint32_t word = 0;
    std::uint8_t log = 1;
    Tick soonest = never;  // of the entries met in this pass or added since
  };

  // Reading.
  enum class Glance : std::uint8_t { hit, null, miss, unsure };
  Glance look(std::uint64_t hash, std::string_view key, Value& destination);
  Found read_locked(std::uint64_t hash, std::string_view key, Value& destination, Aftermath& after);
  void put_off(Word* entry, Tick now) noexcept;

  // Finding.
  std::uint64_t hash_of(std::uint32_t reference) const noexcept;
  std::string_view key_of(std::uint32_t reference) const noexcept;
  ExternalEntry* external_of(const Word* entry, EntryHeader header) const noexcept;
  std::string_view value_of(const Word* entry, EntryHeader header) const noexcept;
  bool is_entry_of(std::uint32_t reference, std::uint64_t hash, std::string_view key) const noexcept;
  bool find(std::uint64_t hash, std::string_view key, Located& located) noexcept;
  bool locate(std::uint64_t hash, std::uint32_t reference, SlotPosition& position) noexcept;
  EntryLog& log_of(std::uint32_t reference) noexcept {
    return logs_[arena_.segment(arena_.segment_of(reference)).log];
  }
  auto hasher() const noexcept {
    return [this](std::uint32_t reference) { return hash_of(reference); };
  }

  // Writing.
  struct NewEntry {
    std::uint64_t hash;
    std::string_view key;
    const std::optional<ByteView>& value;
    ExternalEntry* external;
    EntryHeader header;
    Tick expiry;
  };
  EntryHeader header_for(std::string_view key, const std::optional<ByteView>& value, bool external,
                         Tick expiry, Tick now) const noexcept;
  void fill(Word* entry, const NewEntry& fresh) noexcept;
  WriteOutcome put(const NewEntry& fresh, bool found, const Located& located, Tick now,
                   std::unique_ptr<ExternalEntry>& external, Aftermath& after) noexcept;
  bool overwrite(const Located& located, const NewEntry& fresh, Tick now, Aftermath& after) noexcept;
  WriteOutcome store(const NewEntry& fresh, bool found, Tick now, Aftermath& after) noexcept;
  void expect_end(Tick deadline) noexcept {
    if (deadline < soonest_) soonest_ = deadline;
    if (deadline < cursor_.soonest) cursor_.soonest = deadline;
  }
  bool take_credit(Aftermath& after) noexcept;
  bool take_bytes(std::uint64_t bytes, Aftermath& after) noexcept;
  std::uint32_t append(EntryLog& log, std::size_t words, Aftermath& after) noexcept;
  void settle() noexcept;

  // Removing.
  void start_again() noexcept;
  void kill(std::uint32_t reference) noexcept;
  void forget_content(std::uint32_t reference, RemovalCause cause, Aftermath& after) noexcept;
  void drop(std::uint32_t reference, RemovalCause cause, Aftermath& after) noexcept;
  void drop_at(const SlotPosition& position, std::uint32_t reference, RemovalCause cause,
               Aftermath& after) noexcept;

  // Evicting.
  bool evict_one(Aftermath& after) noexcept;
  bool evict_from_window(Aftermath& after) noexcept;
  std::uint32_t find_victim(Aftermath& after, bool& dropped) noexcept;
  bool move(const SlotPosition& position, std::uint32_t reference, EntryLog& target, unsigned use) noexcept;
  std::uint64_t window_share() const noexcept;
  void balance() noexcept;
  void maintain(Aftermath& after) noexcept;
  bool keep_table(Aftermath& after) noexcept;
  bool has_room_to_spare(const EntryLog& log, unsigned part) const noexcept;
  bool wants_upkeep() const noexcept;
  bool is_due(Tick now) const noexcept {
    return soonest_ <= now || upkeep_pending_ || spare_credits_ != 0 || context_.budget.over();
  }
  static constexpr std::uint32_t writes_per_sweep_elsewhere = 16;
  bool is_full() const noexcept;
  // Drops what is over among the next entries; does nothing when no entry can be over.
  bool sweep(unsigned steps, Tick now, Aftermath& after) noexcept {
    return soonest_ <= now && sweep_on(steps, now, after);
  }
  bool sweep_on(unsigned steps, Tick now, Aftermath& after) noexcept;
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
  std::array<EntryLog, 2> logs_;
  FrequencySketch sketch_;
  Cursor cursor_;
  Tick soonest_ = never;  // no entry is over before
  std::uint64_t spare_credits_ = 0;
  std::uint32_t writes_ = 0;
  bool upkeep_pending_ = false;  // what `maintain` does is not done yet
  std::uint64_t external_entries_ = 0;
  std::uint64_t external_bytes_ = 0;
  ShardStatistics counters_;
};

}  // namespace cachesite::memory
