#pragma once

#include "memory/base/budget.hpp"
#include "memory/base/page_source.hpp"
#include "memory/log/entry.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace cachesite::memory {

// The memory of one shard's entries: segments of one size, cut from mappings that stay readable until the
// arena goes, so that a reader without a lock may follow a reference that has just become stale. Segments
// that are no longer needed give their memory back, not their addresses.
class Arena {
 public:
  static constexpr std::uint32_t none = ~std::uint32_t{0};

  struct Segment {
    std::uint32_t previous = none;
    std::uint32_t next = none;
    std::uint16_t begin = 0;  // first word that may belong to a live entry
    std::uint16_t used = 0;   // words
    std::uint16_t live = 0;   // entries
    std::uint8_t log = 0;
    bool backed = false;  // free, but its memory was not given back
    bool fresh = false;   // never used
  };

  Arena(PageSource& pages, Budget& budget, unsigned segment_word_bits) noexcept;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena();

  const Word* at(std::uint32_t reference) const noexcept {
    return directory_.load(std::memory_order_acquire)[reference >> chunk_bits_] + (reference & chunk_mask_);
  }
  Word* at(std::uint32_t reference) noexcept { return const_cast<Word*>(std::as_const(*this).at(reference)); }

  std::size_t segment_words() const noexcept { return std::size_t{1} << segment_bits_; }
  std::uint32_t segment_of(std::uint32_t reference) const noexcept { return reference >> segment_bits_; }
  std::uint32_t word_of(std::uint32_t reference) const noexcept {
    return reference & ((1U << segment_bits_) - 1);
  }
  std::uint32_t reference(std::uint32_t segment, std::size_t word) const noexcept {
    return (segment << segment_bits_) + static_cast<std::uint32_t>(word);
  }
  Segment& segment(std::uint32_t id) noexcept { return chunks_[id >> ids_bits_].segments[id & (ids() - 1)]; }
  const Segment& segment(std::uint32_t id) const noexcept {
    return chunks_[id >> ids_bits_].segments[id & (ids() - 1)];
  }

  // `none` when there is no memory, or when the budget has none and `beyond_budget` is false.
  std::uint32_t allocate(bool beyond_budget) noexcept;
  void release(std::uint32_t id) noexcept;
  // Gives the memory of free segments back, of so many at most.
  void trim(std::uint64_t most) noexcept;
  // True when more memory is kept for coming segments than `release` keeps.
  bool keeps_too_much() const noexcept { return backed_ > most_backed(); }

  // Gives back what may be in memory of segments that were never used.
  void settle() noexcept;

  // Starts again with fresh addresses, from any state; pages that readers may still read stay mapped.
  void abandon() noexcept;

  std::uint64_t segments_in_use() const noexcept { return in_use_; }
  std::uint64_t bytes() const noexcept { return (in_use_ + backed_) * segment_bytes(); }
  std::uint64_t segment_bytes() const noexcept { return std::uint64_t{8} << segment_bits_; }

 private:
  // A chunk has sixteen segments, or more where these are short.
  static constexpr unsigned least_ids_bits = 4;
  static constexpr unsigned most_ids_bits = 6;
  static constexpr unsigned chunk_word_bits = 14;
  static constexpr std::size_t guard_bytes =
      8192;  // more than the longest entry that a torn header could claim
  static constexpr std::size_t page_bytes = 4096;

  struct Chunk {
    Word* words;
    std::unique_ptr<Segment[]> segments;
  };
  using Directory = std::unique_ptr<Word*[]>;

  bool add_chunk() noexcept;
  std::uint64_t most_backed() const noexcept { return 2 + in_use_ / 16; }
  std::uint32_t ids() const noexcept { return 1U << ids_bits_; }
  std::size_t chunk_bytes() const noexcept { return segment_bytes() * ids(); }
  void drop(std::uint32_t id) noexcept;

  PageSource& pages_;
  Budget& budget_;
  const unsigned segment_bits_;
  const unsigned ids_bits_;
  const unsigned chunk_bits_;
  const std::uint32_t chunk_mask_;
  std::atomic<Word* const*> directory_{nullptr};
  std::vector<Chunk> chunks_;
  std::vector<Directory> directories_;  // the last is in use; readers may still look at the others
  std::size_t directory_size_ = 0;
  std::size_t published_ = 0;  // chunks that `directory_` tells
  std::uint32_t free_backed_ = none;
  std::uint32_t free_bare_ = none;
  std::uint64_t in_use_ = 0;
  std::uint64_t backed_ = 0;
  std::uint64_t settled_ = 0;  // chunks
};

}  // namespace cachesite::memory
