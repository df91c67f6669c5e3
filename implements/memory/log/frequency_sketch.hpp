#pragma once

#include "memory/base/budget.hpp"
#include "memory/base/page_source.hpp"
#include "memory/base/prefetch.hpp"
#include "memory/base/retired_pages.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace cachesite::memory {

// How often keys were seen lately: a count-min sketch of four-bit counters. The four counters of a key lie in
// one 64-byte block. After a number of additions all counts are halved, a slice of the blocks with each
// addition; what is still to be halved is read as if it were. Used under the shard's lock.
class FrequencySketch {
 public:
  static constexpr unsigned most = 15;

  static constexpr std::size_t block_bytes = 64;

  // What the sketch has used goes to `retired`. It never has fewer than `least_blocks`.
  FrequencySketch(PageSource& pages, Budget& budget, RetiredPages& retired,
                  std::uint64_t least_blocks) noexcept
      : pages_(pages), budget_(budget), retired_(retired), least_blocks_(least_blocks) {}
  FrequencySketch(const FrequencySketch&) = delete;
  FrequencySketch& operator=(const FrequencySketch&) = delete;
  ~FrequencySketch() { release(); }

  // For a cache of so many entries. Keeps what it has when there is no memory for another.
  void fit(std::uint64_t entries) noexcept;
  // True when `fit` would take a smaller one.
  bool is_too_large_for(std::uint64_t entries) const noexcept {
    return blocks_ > least_blocks_ && blocks_for(entries) < blocks_ / 4;
  }
  void release() noexcept;
  void abandon() noexcept {
    memory_ = nullptr;
    blocks_ = 0;
  }
  // `times` additions in one. Returns what `estimate` would.
  unsigned add(std::uint64_t hash, unsigned times = 1) noexcept;
  unsigned estimate(std::uint64_t hash) const noexcept;
  void prefetch_for_write(std::uint64_t hash) const noexcept {
    if (memory_ != nullptr) memory::prefetch_for_write(memory_ + index(mix(hash)));
  }
  std::uint64_t bytes() const noexcept { return blocks_ * sizeof(Block); }

 private:
  static constexpr std::size_t rows = 4;
  // Twelve in a small cache, where a single collision counts for more.
  static constexpr std::uint64_t entries_per_block = 14;
  static constexpr std::uint64_t entries_of_small = 4096;
  static constexpr std::uint64_t entries_per_block_of_small = 12;
  struct alignas(block_bytes) Block {
    std::uint64_t words[2 * rows];
  };

  static std::uint64_t mix(std::uint64_t hash) noexcept { return hash * 0xD6E8FEB86659FD93U; }
  // The counter of a key in one row: a word of two, and how far up it stands there. `mixed` has five bits for
  // each row.
  static const std::uint64_t& word(const Block& block, std::size_t row, std::uint64_t mixed) noexcept {
    return block.words[2 * row + (mixed >> (5 * row) & 1U)];
  }
  static unsigned shift(std::size_t row, std::uint64_t mixed) noexcept {
    return static_cast<unsigned>(row == 0 ? mixed << 1U : mixed >> (5 * row - 1)) & 60U;
  }
  static unsigned counter(const Block& block, std::size_t row, std::uint64_t mixed) noexcept {
    return static_cast<unsigned>(word(block, row, mixed) >> shift(row, mixed)) & most;
  }
  // Returns the counter.
  static unsigned raise(Block& block, std::size_t row, std::uint64_t mixed, unsigned times) noexcept {
    auto& target = const_cast<std::uint64_t&>(word(block, row, mixed));
    const unsigned before = static_cast<unsigned>(target >> shift(row, mixed)) & most;
    const unsigned after = std::min(before + times, most);
    target += std::uint64_t{after - before} << shift(row, mixed);
    return after;
  }
  unsigned least_of(unsigned first, unsigned second, unsigned third, unsigned fourth,
                    std::uint64_t place) const noexcept {
    const unsigned least = std::min(std::min(first, second), std::min(third, fourth));
    return place >= halved_ ? least / 2 : least;
  }
  std::uint64_t blocks_for(std::uint64_t entries) const noexcept {
    const std::uint64_t each = entries <= entries_of_small ? entries_per_block_of_small : entries_per_block;
    return std::max(least_blocks_, (entries + each - 1) / each);
  }
  std::uint64_t index(std::uint64_t mixed) const noexcept { return (mixed >> 32U) * blocks_ >> 32U; }
  void halve_slice() noexcept;

  // What every addition looks at comes first.
  Block* memory_ = nullptr;
  std::uint64_t blocks_ = 0;
  std::uint64_t halved_ = ~std::uint64_t{0};  // blocks from here on are still to be halved
  std::uint64_t additions_ = 0;
  std::uint64_t sample_ = 1;
  PageSource& pages_;
  Budget& budget_;
  RetiredPages& retired_;
  const std::uint64_t least_blocks_;
};

}  // namespace cachesite::memory
