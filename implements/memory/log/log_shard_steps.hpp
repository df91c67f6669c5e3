#pragma once

#include "memory/log/log_shard.hpp"

#include <bit>

namespace cachesite::memory {

// The steps that writes and evictions are made of, inline for their sake.

inline std::uint64_t LogShard::hash_of(std::uint32_t reference) const noexcept {
  const Word* entry = arena_.at(reference);
  const EntryHeader header = load_header(entry);
  if (header.is_external()) return entry[header.key_offset()].load(std::memory_order_relaxed);
  return hash_key({reinterpret_cast<const char*>(entry + header.key_offset()), header.key_size()},
                  context_.seed);
}

inline ExternalEntry* LogShard::external_of(const Word* entry, EntryHeader header) const noexcept {
  return std::bit_cast<ExternalEntry*>(entry[header.key_offset() + 1].load(std::memory_order_relaxed));
}

// What the end of an entry will look at, the key of the one behind it included.
inline void LogShard::prefetch_end_of(const Oldest& oldest) const noexcept {
  constexpr std::size_t words_per_line = line_bytes / sizeof(Word);
  // Where the entries after the next ones begin, about.
  constexpr std::size_t words_ahead = 2 * words_per_line;
  if (oldest.reference == EntryLog::none) return;
  const Word* const entry = arena_.at(oldest.reference);
  memory::prefetch_for_write(entry);
  memory::prefetch(entry + words_ahead);
  memory::prefetch(entry + words_ahead + words_per_line);
  table_.prefetch_for_write(oldest.hash);
  sketch_.prefetch_for_write(oldest.hash);
}

// The victim stays for many contests: what belongs to it is near once it has been in one.
inline void LogShard::prefetch_for_eviction() const noexcept {
  prefetch_end_of(oldest_[0]);
  if (oldest_[1].estimate == Oldest::unknown) prefetch_end_of(oldest_[1]);
}

inline bool LogShard::locate(std::uint64_t hash, std::uint32_t reference, SlotPosition& position) noexcept {
  Bucket* const home = table_.home(hash, hasher());
  for (Bucket* bucket = home; bucket != nullptr; bucket = table_.next(home, bucket)) {
    std::uint32_t matches = match_tags(bucket->word0.load(std::memory_order_relaxed),
                                       bucket->word1.load(std::memory_order_relaxed), BucketTable::tag(hash));
    for (; matches != 0; matches &= matches - 1) {
      const auto slot = static_cast<unsigned>(std::countr_zero(matches));
      if (bucket->reference(slot) == reference) {
        position = {home, bucket, slot};
        return true;
      }
    }
  }
  return false;
}

inline void LogShard::kill(std::uint32_t reference, EntryHeader header) noexcept {
  const std::uint32_t id = arena_.segment_of(reference);
  Arena::Segment& segment = arena_.segment(id);
  EntryLog& log = logs_[segment.log];
  if (cursor_.segment != id) [[likely]] {
    log.kill(reference, header, segment);
    return;
  }
  const std::uint32_t following = segment.next;
  const bool released = log.kill(reference, header, segment);
  if (released) cursor_.segment = following;
  if (released || segment.used == 0) cursor_.word = 0;
}

// Everything about an entry but its slot and its place in the log.
inline void LogShard::forget_content(std::uint32_t reference, EntryHeader header, RemovalCause cause,
                                     DeferredWork& deferred) noexcept {
  if (deferred.listening()) deferred.note(key_of(reference), cause);
  if (header.is_external()) forget_external(reference, header, deferred);
  counters_.count(cause);
}

inline void LogShard::drop_at(const SlotPosition& position, std::uint32_t reference, EntryHeader header,
                              RemovalCause cause, DeferredWork& deferred) noexcept {
  table_.erase(position);
  forget_content(reference, header, cause, deferred);
  kill(reference, header);
  ++spare_credits_;
}

}  // namespace cachesite::memory
