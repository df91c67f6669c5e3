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

std::uint32_t EntryLog::append(std::size_t words, bool beyond_budget) noexcept {
  if (last_ == none || arena_.segment(last_).used + words > arena_.segment_words()) {
    const std::uint32_t id = arena_.allocate(beyond_budget);
    if (id == none) return none;
    link_last(id);
  }
  Arena::Segment& segment = arena_.segment(last_);
  const std::uint32_t reference = arena_.reference(last_, segment.used);
  segment.used = static_cast<std::uint16_t>(segment.used + words);
  ++segment.live;
  ++entries_;
  live_words_ += words;
  return reference;
}

std::uint32_t EntryLog::tail() noexcept {
  if (entries_ == 0) return none;
  // A segment without a live entry is never first, except when it is the one that is being filled.
  Arena::Segment& segment = arena_.segment(first_);
  for (;;) {
    const std::uint32_t reference = arena_.reference(first_, segment.begin);
    const EntryHeader header = load_header(arena_.at(reference));
    if (!header.is_dead()) return reference;
    segment.begin = static_cast<std::uint16_t>(segment.begin + header.words());
  }
}

bool EntryLog::kill(std::uint32_t reference) noexcept {
  Word* entry = arena_.at(reference);
  const EntryHeader header = load_header(entry);
  entry->store(header.dead().raw(), std::memory_order_release);
  const std::uint32_t id = arena_.segment_of(reference);
  Arena::Segment& segment = arena_.segment(id);
  --entries_;
  live_words_ -= header.words();
  if (--segment.live != 0) return false;
  if (id == last_) {
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
  std::uint64_t words = 0;
  for (std::size_t word = segment.begin; word < segment.used;) {
    const EntryHeader header = load_header(arena_.at(arena_.reference(id, word)));
    if (!header.is_dead()) words += header.words();
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
