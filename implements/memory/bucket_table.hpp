#pragma once

#include "memory/bucket.hpp"
#include "memory/budget.hpp"
#include "memory/page_source.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace cachesite::memory {

// Where one slot is: the first bucket of its chain, the bucket that holds it, its place there.
struct SlotPosition {
  Bucket* home = nullptr;
  Bucket* bucket = nullptr;
  unsigned slot = 0;
};

// The index of one shard. Its size is a base times a power of two, one `level` each; a change of level moves
// a few buckets with each write while both tables are readable: a bucket of the new table counts once it is
// born, a bucket of the old one until it is marked as moved. Buckets are ordered by hash, so a bucket splits
// into two neighbours.
class BucketTable {
 public:
  static constexpr unsigned most_levels = 24;
  static constexpr std::uint64_t entries_per_bucket = 8;  // on average, before the table grows

  BucketTable(PageSource& pages, Budget& budget, std::uint32_t base) noexcept;
  BucketTable(const BucketTable&) = delete;
  BucketTable& operator=(const BucketTable&) = delete;
  ~BucketTable();

  static std::uint32_t place(std::uint64_t hash) noexcept { return static_cast<std::uint32_t>(hash >> 16U); }
  static std::uint8_t tag(std::uint64_t hash) noexcept {
    const auto tag = static_cast<std::uint8_t>(hash);
    return tag != 0 ? tag : 1;
  }

  struct Home {
    const Bucket* bucket;    // null when there is no table
    std::uint32_t sequence;  // odd or unborn: try again
  };
  // For readers: the bucket to look at first.
  Home read_home(std::uint64_t hash) const noexcept {
    const std::uint64_t current = current_.load(std::memory_order_acquire);
    if (current == 0) return {nullptr, Bucket::unborn};
    const Bucket* bucket = bucket_at(current, place(hash));
    const std::uint32_t sequence = bucket->sequence.load(std::memory_order_acquire);
    if (sequence != Bucket::unborn) return {bucket, sequence};
    return read_previous_home(hash, bucket);
  }
  // The same without a look at the table that is on the move.
  Home read_current_home(std::uint64_t hash) const noexcept {
    const std::uint64_t current = current_.load(std::memory_order_acquire);
    if (current == 0) return {nullptr, Bucket::unborn};
    const Bucket* bucket = bucket_at(current, place(hash));
    return {bucket, bucket->sequence.load(std::memory_order_acquire)};
  }
  bool has_table() const noexcept { return current_.load(std::memory_order_acquire) != 0; }
  // The next bucket of the chain that `home` begins; null at its end.
  const Bucket* read_next(const Bucket* home, std::uint64_t word1) const noexcept {
    const std::uint32_t link = Bucket::link_of(word1);
    return link == 0 ? nullptr : follow(home, link);
  }

  // All that follows is for the holder of the shard's lock. `hash_of` gives the hash of the entry at a
  // reference.

  template <class HashOf>
  Bucket* home(std::uint64_t hash, const HashOf& hash_of) noexcept {
    const std::uint64_t current = current_.load(std::memory_order_relaxed);
    Bucket* bucket = bucket_at(current, place(hash));
    if (bucket->sequence.load(std::memory_order_relaxed) == Bucket::unborn)
      migrate_unit(unit_of(place(hash)), hash_of);
    return bucket;
  }
  Bucket* next(const Bucket* home, const Bucket* bucket) const noexcept {
    const std::uint32_t link = bucket->link();
    return link == 0 ? nullptr : const_cast<Bucket*>(follow(home, link));
  }

  // Makes the first table. False without memory.
  bool ensure() noexcept { return has_table() || begin(0); }
  // False when the overflow buckets are used up.
  bool insert(Bucket* home, std::uint8_t tag, std::uint32_t reference) noexcept;
  void erase(const SlotPosition& position) noexcept;
  // Grows or shrinks if the number of entries asks for it and the budget allows; moves a few buckets.
  template <class HashOf>
  void maintain(std::uint64_t entries, unsigned units, const HashOf& hash_of) noexcept {
    if (migrating()) {
      for (; units > 0 && migrating(); --units)
        migrate_next(hash_of);
    } else if (wants_to_grow(entries)) {
      begin(level_of(current_.load(std::memory_order_relaxed)) + 1);
    } else if (wants_to_shrink(entries)) {
      begin(level_of(current_.load(std::memory_order_relaxed)) - 1);
    }
  }
  // Forgets all entries and gives the memory back.
  void reset() noexcept;
  template <class HashOf>
  void finish_migration(const HashOf& hash_of) noexcept {
    while (migrating())
      migrate_next(hash_of);
  }

  bool migrating() const noexcept { return previous_.load(std::memory_order_relaxed) != 0; }
  std::uint64_t buckets() const noexcept { return count_of(current_.load(std::memory_order_relaxed)); }
  Bucket* bucket(std::uint64_t index) const noexcept {
    return data_of(current_.load(std::memory_order_relaxed)) + index;
  }
  std::uint64_t index_of(std::uint64_t hash) const noexcept { return place(hash) * buckets() >> 32U; }
  std::uint64_t bytes() const noexcept { return charged_; }
  unsigned level() const noexcept { return level_of(current_.load(std::memory_order_relaxed)); }
  bool wants_to_grow(std::uint64_t entries) const noexcept {
    return entries >= entries_per_bucket * buckets() && level() + 1 < most_levels;
  }

 private:
  static constexpr std::uint64_t level_mask = 0xFFF;  // tables begin at a page

  struct Level {
    std::uint32_t overflow_used = 0;
    std::uint32_t overflow_free = 0;  // head of a list through the links
    Bucket* buckets = nullptr;
  };

  static Bucket* data_of(std::uint64_t state) noexcept {
    return reinterpret_cast<Bucket*>(state & ~level_mask);
  }
  static unsigned level_of(std::uint64_t state) noexcept { return static_cast<unsigned>(state & level_mask); }
  std::uint64_t count_of(std::uint64_t state) const noexcept {
    return state == 0 ? 0 : base_ << level_of(state);
  }
  Bucket* bucket_at(std::uint64_t state, std::uint32_t place) const noexcept {
    return data_of(state) + (place * (base_ << level_of(state)) >> 32U);
  }
  static std::uint64_t overflow_capacity(std::uint64_t count) noexcept { return count * 3 / 4 + 4; }
  std::uint64_t level_bytes(unsigned level) const noexcept;
  Home read_previous_home(std::uint64_t hash, const Bucket* bucket) const noexcept;
  const Bucket* follow(const Bucket* home, std::uint32_t link) const noexcept;
  Level& level_holding(const Bucket* home) noexcept;
  bool wants_to_shrink(std::uint64_t entries) const noexcept { return level() > 0 && entries < buckets(); }

  bool begin(unsigned level) noexcept;
  void end() noexcept;
  void charge(std::uint64_t buckets) noexcept;
  std::uint32_t take_overflow(unsigned level) noexcept;
  // Into a bucket that readers do not see, or under the caller's ChainChange.
  bool place_entry(Bucket* home, std::uint8_t tag, std::uint32_t reference, unsigned use) noexcept;

  std::uint64_t unit_of(std::uint32_t place) const noexcept { return place * units() >> 32U; }
  std::uint64_t units() const noexcept {
    const auto current = count_of(current_.load(std::memory_order_relaxed));
    const auto previous = count_of(previous_.load(std::memory_order_relaxed));
    return current < previous ? current : previous;
  }
  template <class HashOf>
  void migrate_next(const HashOf& hash_of) noexcept {
    migrate_unit(next_unit_, hash_of);
    if (++next_unit_ == units()) end();
  }
  template <class HashOf>
  void migrate_unit(std::uint64_t unit, const HashOf& hash_of) noexcept;
  void bear(std::uint64_t unit) noexcept;
  void retire(std::uint64_t unit) noexcept;

  PageSource& pages_;
  Budget& budget_;
  const std::uint64_t base_;
  std::atomic<std::uint64_t> current_{0};   // address of the buckets, with the level in the low bits
  std::atomic<std::uint64_t> previous_{0};  // 0 when nothing is on the move
  std::uint64_t next_unit_ = 0;
  std::uint64_t charged_ = 0;
  std::uint32_t birth_sequence_ = 2;
  std::array<Level, most_levels> levels_{};
};

template <class HashOf>
void BucketTable::migrate_unit(std::uint64_t unit, const HashOf& hash_of) noexcept {
  const std::uint64_t current = current_.load(std::memory_order_relaxed);
  const std::uint64_t previous = previous_.load(std::memory_order_relaxed);
  const std::uint64_t width = count_of(previous) / units();
  if (data_of(previous)[unit * width].sequence.load(std::memory_order_relaxed) == Bucket::moved) return;
  for (std::uint64_t i = 0; i < width; ++i) {
    const Bucket* home = data_of(previous) + unit * width + i;
    for (const Bucket* bucket = home; bucket != nullptr; bucket = next(home, bucket)) {
      for (unsigned slot = 0; slot < Bucket::slots; ++slot) {
        const std::uint8_t tag = bucket->tag(slot);
        if (tag == 0) continue;
        const std::uint32_t reference = bucket->reference(slot);
        place_entry(bucket_at(current, place(hash_of(reference))), tag, reference, bucket->use(slot));
      }
    }
  }
  bear(unit);
  retire(unit);
}

}  // namespace cachesite::memory
