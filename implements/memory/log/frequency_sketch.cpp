#include "memory/log/frequency_sketch.hpp"

namespace cachesite::memory {

namespace {

constexpr std::uint64_t sample_factor = 14;
constexpr std::uint64_t blocks_per_slice = 256;

std::uint64_t mix(std::uint64_t hash) noexcept {
  return hash * 0xD6E8FEB86659FD93U;
}

}  // namespace

void FrequencySketch::fit(std::uint64_t entries) noexcept {
  const std::uint64_t blocks = blocks_for(entries);
  if (blocks <= blocks_ && !is_too_large_for(entries)) return;
  void* memory = pages_.map(blocks * sizeof(Block));
  if (memory == nullptr) return;
  release();
  memory_ = static_cast<Block*>(memory);
  blocks_ = blocks;
  sample_ = std::max<std::uint64_t>(1, sample_factor * entries);
  additions_ = 0;
  halved_ = ~std::uint64_t{0};
  budget_.take_bytes(bytes());
}

void FrequencySketch::release() noexcept {
  if (memory_ == nullptr) return;
  retired_.add(memory_, bytes(), bytes(), RetiredPages::End::unmapped);
  memory_ = nullptr;
  blocks_ = 0;
}

void FrequencySketch::add(std::uint64_t hash) noexcept {
  if (memory_ == nullptr) return;
  const std::uint64_t mixed = mix(hash);
  Block& target = memory_[index(mixed)];
  // Each counter for itself: raising only the least ones would favour keys that come when others already fill
  // the block.
  for (std::size_t row = 0; row < rows; ++row) {
    const std::uint64_t bits = mixed >> (5 * row);
    if (counter(target, row, bits) < most)
      target.words[2 * row + (bits & 1U)] += std::uint64_t{1} << shift(bits);
  }
  if (++additions_ >= sample_) {
    additions_ /= 2;
    halved_ = 0;
  }
  if (halved_ < blocks_) halve_slice();
}

unsigned FrequencySketch::estimate(std::uint64_t hash) const noexcept {
  if (memory_ == nullptr) return 0;
  const std::uint64_t mixed = mix(hash);
  const std::uint64_t place = index(mixed);
  unsigned least = most;
  for (std::size_t row = 0; row < rows; ++row)
    least = std::min(least, counter(memory_[place], row, mixed >> (5 * row)));
  return place >= halved_ ? least / 2 : least;
}

void FrequencySketch::halve_slice() noexcept {
  const std::uint64_t end = std::min(blocks_, halved_ + blocks_per_slice);
  for (; halved_ < end; ++halved_) {
    for (std::uint64_t& word : memory_[halved_].words)
      word = word >> 1U & 0x7777777777777777U;
  }
}

}  // namespace cachesite::memory
