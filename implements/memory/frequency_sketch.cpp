#include "memory/frequency_sketch.hpp"

#include <algorithm>

namespace cachesite::memory {

namespace {

constexpr std::uint64_t entries_per_block = 12;
constexpr std::uint64_t least_blocks = 64;
constexpr std::uint64_t sample_factor = 14;

std::uint64_t mix(std::uint64_t hash) noexcept {
  return hash * 0xD6E8FEB86659FD93U;
}

}  // namespace

void FrequencySketch::fit(std::uint64_t entries) noexcept {
  const std::uint64_t blocks = std::max(least_blocks, (entries + entries_per_block - 1) / entries_per_block);
  if (blocks <= blocks_) return;
  void* memory = pages_.map(blocks * sizeof(Block));
  if (memory == nullptr) return;
  release();
  memory_ = static_cast<Block*>(memory);
  blocks_ = blocks;
  sample_ = std::max<std::uint64_t>(1, sample_factor * entries);
  additions_ = 0;
  budget_.take_bytes(bytes());
}

void FrequencySketch::release() noexcept {
  if (memory_ == nullptr) return;
  budget_.give_bytes(bytes());
  pages_.unmap(memory_, bytes());
  memory_ = nullptr;
  blocks_ = 0;
}

void FrequencySketch::add(std::uint64_t hash) noexcept {
  if (memory_ == nullptr) return;
  const std::uint64_t mixed = mix(hash);
  Block& target = block(mixed);
  // Each counter for itself: raising only the least ones would favour keys that come when others already fill
  // the block.
  for (unsigned row = 0; row < rows; ++row) {
    const std::uint64_t bits = mixed >> (5 * row);
    if (counter(target, row, bits) < most)
      target.words[2 * row + (bits & 1U)] += std::uint64_t{1} << shift(bits);
  }
  if (++additions_ >= sample_) halve();
}

unsigned FrequencySketch::estimate(std::uint64_t hash) const noexcept {
  if (memory_ == nullptr) return 0;
  const std::uint64_t mixed = mix(hash);
  const Block& source = block(mixed);
  unsigned least = most;
  for (unsigned row = 0; row < rows; ++row)
    least = std::min(least, counter(source, row, mixed >> (5 * row)));
  return least;
}

// All at once, a few dozen microseconds for the largest shard: counts of different keys stay comparable.
void FrequencySketch::halve() noexcept {
  for (std::uint64_t i = 0; i < blocks_; ++i) {
    for (std::uint64_t& word : memory_[i].words)
      word = word >> 1U & 0x7777777777777777U;
  }
  additions_ /= 2;
}

}  // namespace cachesite::memory
