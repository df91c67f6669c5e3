#include "memory/log/entry_log.hpp"

namespace cachesite::memory {

void EntryLog::link_last(std::uint32_t id) noexcept {
  if (last_ != none && arena_.segment(last_).live == 0) {
    const std::uint32_t empty = last_;
    unlink(empty);
    arena_.release(empty);
  }
  Arena::Segment& segment = arena_.segment(id);
  segment.log = number_;
  segment.previous = last_;
  segment.next = none;
  (last_ == none ? first_ : arena_.segment(last_).next) = id;
  last_ = id;
  ++segments_;
}

void EntryLog::unlink(std::uint32_t id) noexcept {
  const Arena::Segment& segment = arena_.segment(id);
  (segment.previous == none ? first_ : arena_.segment(segment.previous).next) = segment.next;
  (segment.next == none ? last_ : arena_.segment(segment.next).previous) = segment.previous;
  --segments_;
}

bool EntryLog::add_segment(bool beyond_budget) noexcept {
  const std::uint32_t id = arena_.allocate(beyond_budget);
  if (id == none) return false;
  link_last(id);
  return true;
}

bool EntryLog::drop_empty(std::uint32_t id) noexcept {
  if (id == last_) {
    Arena::Segment& segment = arena_.segment(id);
    segment.begin = segment.used = 0;
    return false;
  }
  unlink(id);
  arena_.release(id);
  return true;
}

void EntryLog::adopt_tail_of(EntryLog& other) noexcept {
  const std::uint32_t id = other.first_;
  Arena::Segment& segment = arena_.segment(id);
  std::uint32_t words = 0;
  for (std::size_t word = segment.begin; word < segment.used;) {
    const EntryHeader header = load_header(arena_.at(arena_.reference(id, word)));
    if (!header.is_dead()) words += static_cast<std::uint32_t>(header.words());
    word += header.words();
  }
  other.unlink(id);
  other.entries_ -= segment.live;
  other.live_words_ -= words;
  entries_ += segment.live;
  live_words_ += words;
  const std::uint32_t filling = last_;
  link_last(id);
  if (last_ != id || segment.previous != filling || filling == none) return;
  // The segment that is being filled stays the last.
  unlink(filling);
  link_last(filling);
}

void EntryLog::clear() noexcept {
  while (first_ != none) {
    const std::uint32_t id = first_;
    unlink(id);
    arena_.release(id);
  }
  entries_ = live_words_ = 0;
}

}  // namespace cachesite::memory
