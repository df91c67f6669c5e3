#pragma once

#include "memory/base/budget.hpp"
#include "memory/base/page_source.hpp"
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
  void add(std::uint64_t hash) noexcept;
  unsigned estimate(std::uint64_t hash) const noexcept;
  std::uint64_t bytes() const noexcept { return blocks_ * sizeof(Block); }

 private:
  static constexpr std::size_t rows = 4;
  static constexpr std::uint64_t entries_per_block = 12;
  struct alignas(block_bytes) Block {
    std::uint64_t words[2 * rows];
  };

  static unsigned counter(const Block& block, std::size_t row, std::uint64_t bits) noexcept {
    return static_cast<unsigned>(block.words[2 * row + (bits & 1U)] >> shift(bits) & most);
  }
  static unsigned shift(std::uint64_t bits) noexcept { return static_cast<unsigned>(bits >> 1U & 15U) * 4; }
  std::uint64_t blocks_for(std::uint64_t entries) const noexcept {
    return std::max(least_blocks_, (entries + entries_per_block - 1) / entries_per_block);
  }
  std::uint64_t index(std::uint64_t mixed) const noexcept { return (mixed >> 32U) * blocks_ >> 32U; }
  void halve_slice() noexcept;

  PageSource& pages_;
  Budget& budget_;
  RetiredPages& retired_;
  const std::uint64_t least_blocks_;
  Block* memory_ = nullptr;
  std::uint64_t blocks_ = 0;
  std::uint64_t sample_ = 1;
  std::uint64_t additions_ = 0;
  std::uint64_t halved_ = ~std::uint64_t{0};  // blocks from here on are still to be halved
};

}  // namespace cachesite::memory
