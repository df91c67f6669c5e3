#pragma once

#include <atomic>
#include <bit>
#include <cstdint>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace cachesite::memory {

// One cache line: eleven slots, each a one-byte tag (0 = empty), a 32-bit reference into the arena and a
// two-bit use counter; a link to an overflow bucket; the sequence number that readers check.
//
// The sequence of the first bucket of a chain guards the whole chain, and is its state:
//
//   unborn  0: in new pages; nothing is here yet.
//             -> even, by `begin` of the first table, or by `migrate_unit`
//   even    above 1: at rest; what a reader has read is right if the sequence is the same afterwards.
//             -> odd, when a ChainChange begins
//             -> moved, by `migrate_unit` into another level, by `reset`, by `abandon`
//   odd     above 1: a writer is at it; readers start again.
//             -> even, two above the last, when the ChainChange ends
//   moved   1: the entries are elsewhere or gone; what is here is old.
//             -> unborn, when the system takes the pages back
//             -> even, as from unborn, when it did not and the level is used again
//
// Every load of a reader is an acquire load and every store of a writer is a release store, so that a reader
// who meets new data also meets the new sequence.
struct alignas(64) Bucket {
  static constexpr unsigned slots = 11;
  static constexpr std::uint32_t unborn = 0;
  static constexpr std::uint32_t moved = 1;
  static constexpr unsigned largest_use = 3;
  static constexpr unsigned link_shift = 24;
  static constexpr std::uint64_t link_mask = (1U << 18U) - 1;
  static constexpr unsigned use_shift = 42;

  std::atomic<std::uint64_t> word0;  // tags 0 to 7
  std::atomic<std::uint64_t> word1;  // tags 8 to 10, link, use counters
  std::atomic<std::uint32_t> references[slots];
  std::atomic<std::uint32_t> sequence;

  static std::uint32_t link_of(std::uint64_t word) noexcept {
    return static_cast<std::uint32_t>(word >> link_shift & link_mask);
  }
  static unsigned use_of(std::uint64_t word, unsigned slot) noexcept {
    return static_cast<unsigned>(word >> (use_shift + 2 * slot) & 3U);
  }

  std::uint32_t link() const noexcept { return link_of(word1.load(std::memory_order_relaxed)); }
  void set_link(std::uint32_t link) noexcept {
    const std::uint64_t word = word1.load(std::memory_order_relaxed);
    word1.store((word & ~(link_mask << link_shift)) | std::uint64_t{link} << link_shift,
                std::memory_order_release);
  }

  unsigned use(unsigned slot) const noexcept { return use_of(word1.load(std::memory_order_relaxed), slot); }
  void set_use(unsigned slot, unsigned use) noexcept {
    const unsigned shift = use_shift + 2 * slot;
    const std::uint64_t word = word1.load(std::memory_order_relaxed);
    word1.store((word & ~(std::uint64_t{3} << shift)) | std::uint64_t{use} << shift,
                std::memory_order_release);
  }
  // By a reader without a lock: a change that comes between costs the count, nothing else.
  void count_use(std::uint64_t seen, unsigned slot) noexcept {
    if (use_of(seen, slot) < largest_use) {
      word1.compare_exchange_strong(seen, seen + (std::uint64_t{1} << (use_shift + 2 * slot)),
                                    std::memory_order_relaxed);
    }
  }

  std::uint8_t tag(unsigned slot) const noexcept {
    const auto& word = slot < 8 ? word0 : word1;
    return static_cast<std::uint8_t>(word.load(std::memory_order_relaxed) >> (8 * (slot & 7U)));
  }
  void set_tag(unsigned slot, std::uint8_t tag) noexcept {
    auto& word = slot < 8 ? word0 : word1;
    const unsigned shift = 8 * (slot & 7U);
    const std::uint64_t old = word.load(std::memory_order_relaxed);
    word.store((old & ~(std::uint64_t{0xFF} << shift)) | std::uint64_t{tag} << shift,
               std::memory_order_release);
  }

  std::uint32_t reference(unsigned slot) const noexcept {
    return references[slot].load(std::memory_order_relaxed);
  }
  void set_reference(unsigned slot, std::uint32_t reference) noexcept {
    references[slot].store(reference, std::memory_order_release);
  }

  // Into an empty slot, if there is one; under a ChainChange, or where readers do not look.
  bool put(std::uint8_t tag, std::uint32_t reference, unsigned use) noexcept;

  void clear() noexcept {
    word0.store(0, std::memory_order_release);
    word1.store(0, std::memory_order_release);
  }
};

static_assert(sizeof(Bucket) == 64);

// One bit for each slot among the eleven whose tag equals `tag`; the portable form.
inline std::uint32_t match_tags_by_words(std::uint64_t word0, std::uint64_t word1,
                                         std::uint8_t tag) noexcept {
  constexpr std::uint64_t ones = 0x0101010101010101U;
  constexpr std::uint64_t low_bits = 0x7F7F7F7F7F7F7F7FU;
  const auto zero_bytes = [](std::uint64_t word) {
    const std::uint64_t high = ~(((word & low_bits) + low_bits) | word | low_bits);
    return static_cast<std::uint32_t>(((high >> 7U) * 0x0102040810204080U) >> 56U);
  };
  const std::uint64_t wanted = ones * tag;
  return (zero_bytes(word0 ^ wanted) | zero_bytes(word1 ^ wanted) << 8U) & ((1U << Bucket::slots) - 1);
}

inline std::uint32_t match_tags(std::uint64_t word0, std::uint64_t word1, std::uint8_t tag) noexcept {
#if defined(__SSE2__)
  const __m128i tags = _mm_set_epi64x(static_cast<long long>(word1), static_cast<long long>(word0));
  const int equal = _mm_movemask_epi8(_mm_cmpeq_epi8(tags, _mm_set1_epi8(static_cast<char>(tag))));
  return static_cast<std::uint32_t>(equal) & ((1U << Bucket::slots) - 1);
#else
  return match_tags_by_words(word0, word1, tag);
#endif
}

inline bool Bucket::put(std::uint8_t tag, std::uint32_t reference, unsigned use) noexcept {
  const std::uint64_t tags = word0.load(std::memory_order_relaxed);
  std::uint64_t word = word1.load(std::memory_order_relaxed);
  const std::uint32_t empty = match_tags(tags, word, 0);
  if (empty == 0) return false;
  const auto slot = static_cast<unsigned>(std::countr_zero(empty));
  set_reference(slot, reference);
  const unsigned shift = use_shift + 2 * slot;
  word = (word & ~(std::uint64_t{3} << shift)) | std::uint64_t{use} << shift;
  const std::uint64_t placed = std::uint64_t{tag} << (8 * (slot & 7U));
  if (slot < 8)
    word0.store(tags | placed, std::memory_order_release);
  else
    word |= placed;
  word1.store(word, std::memory_order_release);
  return true;
}

// Held by a writer while it changes a chain: readers that overlap with it start again.
class ChainChange {
 public:
  explicit ChainChange(Bucket& home) noexcept
      : home_(home), sequence_(home.sequence.load(std::memory_order_relaxed)) {
    home_.sequence.store(sequence_ | 1U, std::memory_order_relaxed);
  }
  ChainChange(const ChainChange&) = delete;
  ChainChange& operator=(const ChainChange&) = delete;
  ~ChainChange() {
    const std::uint32_t next = sequence_ + 2;
    home_.sequence.store(next == Bucket::unborn ? 2 : next, std::memory_order_release);
  }

 private:
  Bucket& home_;
  std::uint32_t sequence_;
};

}  // namespace cachesite::memory
