#pragma once

#include "memory/log/arena.hpp"

#include <cstddef>
#include <cstdint>

namespace cachesite::memory {

// Entries in the order in which they were appended, in a list of arena segments. An entry that is killed
// anywhere leaves its bytes behind until the rest of its segment is dead too.
class EntryLog {
 public:
  static constexpr std::uint32_t none = Arena::none;

  EntryLog(Arena& arena, std::uint8_t number) noexcept : arena_(arena), number_(number) {}

  // Room for an entry of so many words at the head; `none` without memory or budget.
  std::uint32_t append(std::size_t words, bool beyond_budget) noexcept {
    if (last_ == none || arena_.segment(last_).used + words > arena_.segment_words()) [[unlikely]] {
      if (!add_segment(beyond_budget)) return none;
    }
    Arena::Segment& segment = arena_.segment(last_);
    const std::uint32_t reference = arena_.reference(last_, segment.used);
    segment.used = static_cast<std::uint16_t>(segment.used + words);
    ++segment.live;
    ++entries_;
    live_words_ += static_cast<std::uint32_t>(words);
    return reference;
  }
  // The oldest live entry, or `none`.
  std::uint32_t tail() noexcept {
    EntryHeader header;
    return tail(header);
  }
  std::uint32_t tail(EntryHeader& header) noexcept {
    if (entries_ == 0) return none;
    // A segment without a live entry is never first, except when it is the one that is being filled.
    Arena::Segment& segment = arena_.segment(first_);
    for (;;) {
      const std::uint32_t reference = arena_.reference(first_, segment.begin);
      header = load_header(arena_.at(reference));
      if (!header.is_dead()) [[likely]]
        return reference;
      segment.begin = static_cast<std::uint16_t>(segment.begin + header.words());
    }
  }
  // Marks an entry dead, whose `header` says how long it is, in its `segment`. True when the segment went
  // with it.
  bool kill(std::uint32_t reference, EntryHeader header, Arena::Segment& segment) noexcept {
    arena_.at(reference)->store(header.dead().raw(), std::memory_order_release);
    const std::size_t words = header.words();
    --entries_;
    live_words_ -= static_cast<std::uint32_t>(words);
    if (--segment.live == 0) [[unlikely]]
      return drop_empty(arena_.segment_of(reference));
    // What is evicted lies there.
    if (arena_.word_of(reference) == segment.begin)
      segment.begin = static_cast<std::uint16_t>(segment.begin + words);
    return false;
  }
  // Takes the oldest segment of another log, with all its entries, as this log's newest but one.
  void adopt_tail_of(EntryLog& other) noexcept;
  // Drops everything.
  void clear() noexcept;
  // Forgets everything, whatever state it is in.
  void abandon() noexcept {
    first_ = last_ = none;
    entries_ = live_words_ = segments_ = 0;
  }

  std::uint64_t entries() const noexcept { return entries_; }
  std::uint64_t live_words() const noexcept { return live_words_; }
  std::uint64_t segments() const noexcept { return segments_; }
  std::uint32_t first_segment() const noexcept { return first_; }
  std::uint32_t last_segment() const noexcept { return last_; }

 private:
  bool add_segment(bool beyond_budget) noexcept;
  bool drop_empty(std::uint32_t id) noexcept;
  void link_last(std::uint32_t id) noexcept;
  void unlink(std::uint32_t id) noexcept;

  // As short as references are: every write changes them, and on another processor than the one before.
  Arena& arena_;
  std::uint32_t first_ = none;
  std::uint32_t last_ = none;
  std::uint32_t entries_ = 0;
  std::uint32_t live_words_ = 0;
  std::uint32_t segments_ = 0;
  const std::uint8_t number_;
};

}  // namespace cachesite::memory
