#pragma once

#include "memory/budget.hpp"
#include "memory/page_source.hpp"

#include <cstdint>

namespace cachesite::memory {

// How often keys were seen lately: a count-min sketch of four-bit counters. The four counters of a key lie in
// one 64-byte block; the blocks are halved one by one, so the whole is halved once in ten times its capacity.
// Used under the shard's lock.
class FrequencySketch {
 public:
  static constexpr unsigned most = 15;

  FrequencySketch(PageSource& pages, Budget& budget) noexcept : pages_(pages), budget_(budget) {}
  FrequencySketch(const FrequencySketch&) = delete;
  FrequencySketch& operator=(const FrequencySketch&) = delete;
  ~FrequencySketch() { release(); }

  // For a cache of so many entries. Keeps what it has when there is no memory for more.
  void fit(std::uint64_t entries) noexcept;
  void release() noexcept;
  void add(std::uint64_t hash) noexcept;
  unsigned estimate(std::uint64_t hash) const noexcept;
  std::uint64_t bytes() const noexcept { return blocks_ * sizeof(Block); }

 private:
  static constexpr unsigned rows = 4;
  struct alignas(64) Block {
    std::uint64_t words[2 * rows];
  };

  static unsigned counter(const Block& block, unsigned row, std::uint64_t bits) noexcept {
    return static_cast<unsigned>(block.words[2 * row + (bits & 1U)] >> shift(bits) & most);
  }
  static unsigned shift(std::uint64_t bits) noexcept { return static_cast<unsigned>(bits >> 1U & 15U) * 4; }
  Block& block(std::uint64_t mixed) const noexcept { return memory_[(mixed >> 32U) * blocks_ >> 32U]; }
  void halve() noexcept;

  PageSource& pages_;
  Budget& budget_;
  Block* memory_ = nullptr;
  std::uint64_t blocks_ = 0;
  std::uint64_t sample_ = 1;
  std::uint64_t additions_ = 0;
};

}  // namespace cachesite::memory
