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
  std::uint32_t append(std::size_t words, bool beyond_budget) noexcept;
  // The oldest live entry, or `none`.
  std::uint32_t tail() noexcept;
  // Marks an entry dead, whose header says how long it is. True when its segment went with it.
  bool kill(std::uint32_t reference) noexcept;
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
  void link_last(std::uint32_t id) noexcept;
  void unlink(std::uint32_t id) noexcept;

  Arena& arena_;
  const std::uint8_t number_;
  std::uint32_t first_ = none;
  std::uint32_t last_ = none;
  std::uint64_t entries_ = 0;
  std::uint64_t live_words_ = 0;
  std::uint64_t segments_ = 0;
};

}  // namespace cachesite::memory
