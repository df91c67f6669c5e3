#pragma once

#include "memory/base/budget.hpp"
#include "memory/base/page_source.hpp"
#include "memory/base/prefetch.hpp"
#include "memory/base/retired_pages.hpp"
#include "memory/log/bucket.hpp"

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
//
// Bucket tells the states of its buckets. Where a level is used again its buckets may still be full of old
// content, as pages that are locked into memory keep theirs: `migrate_unit` clears them before they are born.
class BucketTable {
 public:
  static constexpr unsigned most_levels = 24;
  static constexpr unsigned most_levels_at_once = 3;
  static constexpr std::uint64_t entries_per_bucket = 8;  // on average, before the table grows

  // The memory of a table that has been moved from goes to `retired`.
  BucketTable(PageSource& pages, Budget& budget, RetiredPages& retired, std::uint32_t base) noexcept;
  BucketTable(const BucketTable&) = delete;
  BucketTable& operator=(const BucketTable&) = delete;
  ~BucketTable();

  static std::uint32_t place(std::uint64_t hash) noexcept { return static_cast<std::uint32_t>(hash >> 16U); }
  static std::uint8_t tag(std::uint64_t hash) noexcept {
    const auto tag = static_cast<std::uint8_t>(hash);
    return static_cast<std::uint8_t>(tag + (tag == 0 ? 1 : 0));
  }

  struct Home {
    const Bucket* bucket;
    std::uint32_t sequence;  // odd or unborn: try again
  };
  // For readers: the bucket to look at first.
  Home read_home(std::uint64_t hash) const noexcept {
    const Home home = read_current_home(hash);
    return home.sequence > Bucket::moved ? home : read_previous_home(hash, home.bucket);
  }
  // The same without a look at the table that is on the move.
  Home read_current_home(std::uint64_t hash) const noexcept {
    const Bucket* bucket = current_.load(std::memory_order_acquire)->at(place(hash));
    return {bucket, bucket->sequence.load(std::memory_order_acquire)};
  }
  void prefetch_for_write(std::uint64_t hash) const noexcept {
    memory::prefetch_for_write(current_.load(std::memory_order_acquire)->at(place(hash)));
  }
  bool has_table() const noexcept { return current_.load(std::memory_order_acquire) != &none_; }
  // The next bucket of the chain that `home` begins; null at its end.
  const Bucket* read_next(const Bucket* home, std::uint64_t word1) const noexcept {
    const std::uint32_t link = Bucket::link_of(word1);
    return link == 0 ? nullptr : follow(home, link);
  }

  // All that follows is for the holder of the shard's lock. `hash_of` gives the hash of the entry at a
  // reference.

  // Null when there is no table, or when the bucket has yet to be moved here.
  Bucket* current_home(std::uint64_t hash) const noexcept {
    Bucket* const bucket = current_.load(std::memory_order_relaxed)->at(place(hash));
    return bucket->sequence.load(std::memory_order_relaxed) <= Bucket::moved ? nullptr : bucket;
  }
  template <class HashOf>
  Bucket* home(std::uint64_t hash, const HashOf& hash_of) noexcept {
    Bucket* bucket = current_.load(std::memory_order_relaxed)->at(place(hash));
    if (bucket->sequence.load(std::memory_order_relaxed) <= Bucket::moved)
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
  bool insert(Bucket* home, std::uint8_t tag, std::uint32_t reference) noexcept {
    const ChainChange change(*home);
    return home->put(tag, reference, 0) || place_in_chain(home, tag, reference, 0);
  }
  // True while the entry is where it was found.
  bool holds(const SlotPosition& position, std::uint64_t hash, std::uint32_t reference) const noexcept {
    return position.home != nullptr && current_home(hash) == position.home &&
           position.bucket->reference(position.slot) == reference &&
           position.bucket->tag(position.slot) == tag(hash);
  }
  void erase(const SlotPosition& position) noexcept {
    const ChainChange change(*position.home);
    if (position.home->link() == 0) [[likely]]
      position.bucket->set_tag(position.slot, 0);
    else
      erase_from_chain(position);
  }
  // Grows or shrinks if the number of entries asks for it and the budget allows; moves a few buckets.
  template <class HashOf>
  void maintain(std::uint64_t entries, unsigned units, const HashOf& hash_of) noexcept {
    if (migrating()) {
      for (; units > 0 && migrating(); --units)
        migrate_next(hash_of);
    } else if (!retired_.empty()) {
      // One table after the other.
    } else if (wants_to_grow(entries)) {
      begin(level() + 1);
    } else if (wants_to_shrink(entries)) {
      begin(level_to_shrink_to(entries));
    }
  }
  // True when `maintain` has work to do that writes of new entries do not bring about by themselves.
  bool wants_upkeep(std::uint64_t entries) const noexcept { return migrating() || wants_to_shrink(entries); }
  // Forgets all entries and gives the memory back.
  void reset() noexcept;
  // The same whatever state it is in, and without a word to the budget.
  void abandon() noexcept;
  template <class HashOf>
  void finish_migration(const HashOf& hash_of) noexcept {
    while (migrating())
      migrate_next(hash_of);
  }

  bool migrating() const noexcept { return previous_.load(std::memory_order_relaxed) != nullptr; }
  std::uint64_t buckets() const noexcept {
    return has_table() ? current_.load(std::memory_order_relaxed)->count : 0;
  }
  Bucket* bucket(std::uint64_t index) const noexcept {
    return current_.load(std::memory_order_relaxed)->buckets + index;
  }
  std::uint64_t index_of(std::uint64_t hash) const noexcept { return place(hash) * buckets() >> 32U; }
  std::uint64_t bytes() const noexcept { return charged_; }
  unsigned level() const noexcept {
    const Level* const current = current_.load(std::memory_order_relaxed);
    return has_table() ? static_cast<unsigned>(current - levels_.data()) : 0;
  }
  bool wants_to_grow(std::uint64_t entries) const noexcept {
    return entries >= entries_per_bucket * buckets() && level() + 1 < most_levels;
  }

 private:
  // One size of the table. Once mapped, its buckets keep their addresses. As many overflow buckets as a full
  // table needs on average, and the last page has room for, follow the others; the rest lies apart, as it is
  // hardly ever used.
  struct Level {
    Bucket* buckets = nullptr;
    std::uint64_t count = 0;
    Bucket* far_overflow = nullptr;
    std::uint32_t overflow_used = 0;
    std::uint32_t overflow_free = 0;  // head of a list through the links

    Bucket* at(std::uint32_t place) const noexcept { return buckets + (place * count >> 32U); }
    Bucket* overflow(std::uint32_t link) const noexcept {
      const std::uint64_t place = count + link - 1;
      return place < dense() ? buckets + place : far_overflow + (place - dense());
    }
    bool holds(const Bucket* home) const noexcept { return home >= buckets && home < buckets + count; }
    std::uint64_t overflow_capacity() const noexcept { return count * 3 / 4 + 4; }
    std::uint64_t dense() const noexcept { return (count + count / 12 + 63) / 64 * 64; }
    std::uint64_t bytes() const noexcept { return dense() * sizeof(Bucket); }
    std::uint64_t far_bytes() const noexcept { return overflow_capacity() * sizeof(Bucket); }
  };

  Home read_previous_home(std::uint64_t hash, const Bucket* bucket) const noexcept;
  const Bucket* follow(const Bucket* home, std::uint32_t link) const noexcept;
  Level& level_holding(const Bucket* home) noexcept {
    Level* const current = current_.load(std::memory_order_relaxed);
    return current->holds(home) ? *current : *previous_.load(std::memory_order_relaxed);
  }
  bool wants_to_shrink(std::uint64_t entries) const noexcept { return level() > 0 && entries < buckets(); }
  // Several levels at once where the table is nearly empty, as many as keep a unit short.
  unsigned level_to_shrink_to(std::uint64_t entries) const noexcept {
    unsigned target = level() - 1;
    while (target > 0 && target + most_levels_at_once > level() && entries < levels_[target].count)
      --target;
    return target;
  }

  bool begin(unsigned level) noexcept;
  bool map(Level& level) noexcept;
  void discard(const Level& level) noexcept;
  void end() noexcept;
  void charge(std::uint64_t buckets) noexcept;
  std::uint32_t take_overflow(Level& holder) noexcept;
  void erase_from_chain(const SlotPosition& position) noexcept;
  // Into a chain that readers do not see, or under the caller's ChainChange.
  bool place_in_chain(Bucket* home, std::uint8_t tag, std::uint32_t reference, unsigned use) noexcept;

  std::uint64_t unit_of(std::uint32_t place) const noexcept { return place * units() >> 32U; }
  std::uint64_t units() const noexcept {
    const auto current = current_.load(std::memory_order_relaxed)->count;
    const auto previous = previous_.load(std::memory_order_relaxed)->count;
    return current < previous ? current : previous;
  }
  template <class HashOf>
  void migrate_next(const HashOf& hash_of) noexcept {
    migrate_unit(next_unit_, hash_of);
    if (++next_unit_ == units()) end();
  }
  template <class HashOf>
  void migrate_unit(std::uint64_t unit, const HashOf& hash_of) noexcept;
  void clear(std::uint64_t unit) noexcept;
  void bear(std::uint64_t unit) noexcept;
  void retire(std::uint64_t unit) noexcept;

  PageSource& pages_;
  Budget& budget_;
  RetiredPages& retired_;
  std::atomic<Level*> current_{&none_};
  std::atomic<Level*> previous_{nullptr};  // null when nothing is on the move
  std::uint64_t next_unit_ = 0;
  std::uint64_t charged_ = 0;
  std::uint32_t birth_sequence_ = 2;
  // Stands in for the table when there is none: one bucket of which readers learn nothing.
  Bucket nothing_{};
  Level none_{&nothing_, 1, nullptr, 0, 0};
  std::array<Level, most_levels> levels_{};
};

template <class HashOf>
void BucketTable::migrate_unit(std::uint64_t unit, const HashOf& hash_of) noexcept {
  const Level& current = *current_.load(std::memory_order_relaxed);
  const Level& previous = *previous_.load(std::memory_order_relaxed);
  const std::uint64_t width = previous.count / units();
  if (previous.buckets[unit * width].sequence.load(std::memory_order_relaxed) == Bucket::moved) return;
  clear(unit);
  for (std::uint64_t i = 0; i < width; ++i) {
    const Bucket* home = previous.buckets + unit * width + i;
    for (const Bucket* bucket = home; bucket != nullptr; bucket = next(home, bucket)) {
      for (unsigned slot = 0; slot < Bucket::slots; ++slot) {
        const std::uint8_t tag = bucket->tag(slot);
        if (tag == 0) continue;
        const std::uint32_t reference = bucket->reference(slot);
        place_in_chain(current.at(place(hash_of(reference))), tag, reference, bucket->use(slot));
      }
    }
  }
  bear(unit);
  retire(unit);
}

}  // namespace cachesite::memory
