#include "memory/log/frequency_sketch.hpp"

namespace cachesite::memory {

namespace {

constexpr std::uint64_t sample_factor = 14;
constexpr std::uint64_t blocks_per_slice = 256;

}  // namespace

void FrequencySketch::fit(std::uint64_t entries) noexcept {
  const std::uint64_t blocks = blocks_for(entries);
  if (blocks <= blocks_ && !is_too_large_for(entries)) return;
  void* memory = pages_.map_dense(blocks * sizeof(Block), 0);
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

unsigned FrequencySketch::add(std::uint64_t hash, unsigned times) noexcept {
  if (memory_ == nullptr) return 0;
  const std::uint64_t mixed = mix(hash);
  const std::uint64_t place = index(mixed);
  Block& block = memory_[place];
  // Each counter for itself: raising only the least ones would favour keys that come when others already fill
  // the block. The rows are written out, as a loop is not unrolled here.
  const unsigned least = least_of(raise(block, 0, mixed, times), raise(block, 1, mixed, times),
                                  raise(block, 2, mixed, times), raise(block, 3, mixed, times), place);
  additions_ += times;
  if (additions_ >= sample_) [[unlikely]] {
    additions_ /= 2;
    halved_ = 0;
  }
  if (halved_ < blocks_) [[unlikely]]
    halve_slice();
  return least;
}

unsigned FrequencySketch::estimate(std::uint64_t hash) const noexcept {
  if (memory_ == nullptr) return 0;
  const std::uint64_t mixed = mix(hash);
  const std::uint64_t place = index(mixed);
  const Block& block = memory_[place];
  return least_of(counter(block, 0, mixed), counter(block, 1, mixed), counter(block, 2, mixed),
                  counter(block, 3, mixed), place);
}

void FrequencySketch::halve_slice() noexcept {
  const std::uint64_t end = std::min(blocks_, halved_ + blocks_per_slice);
  for (; halved_ < end; ++halved_) {
    for (std::uint64_t& word : memory_[halved_].words)
      word = word >> 1U & 0x7777777777777777U;
  }
}

}  // namespace cachesite::memory
