#include "memory/log/log_shard_steps.hpp"

#include <unordered_set>

namespace cachesite::memory {

std::string LogShard::check() const {
  auto& self = const_cast<LogShard&>(*this);
  const Guard guard(*this);
  self.table_.finish_migration(hasher());
  std::unordered_set<std::uint32_t> live;
  std::uint64_t externals = 0;
  std::uint64_t external_bytes = 0;
  std::uint64_t segments = 0;
  for (const EntryLog& log : logs_) {
    std::uint64_t log_entries = 0;
    std::uint64_t log_words = 0;
    std::uint64_t log_segments = 0;
    std::uint32_t previous = Arena::none;
    for (std::uint32_t id = log.first_segment(); id != Arena::none; id = arena_.segment(id).next) {
      const Arena::Segment& segment = arena_.segment(id);
      if (segment.previous != previous) return "a segment does not know its predecessor";
      if (&logs_[segment.log] != &log) return "a segment belongs to another log";
      previous = id;
      ++log_segments;
      std::uint64_t segment_live = 0;
      std::size_t word = 0;
      while (word < segment.used) {
        const std::uint32_t reference = arena_.reference(id, word);
        const EntryHeader header = load_header(arena_.at(reference));
        if (!header.is_dead()) {
          if (word < segment.begin) return "a live entry lies before the beginning of its segment";
          ++segment_live;
          log_words += header.words();
          live.insert(reference);
          if (header.is_external()) {
            ++externals;
            external_bytes += external_of(arena_.at(reference), header)->bytes();
          }
          if (header.deadline(arena_.at(reference)) < soonest_) return "an entry ends before the soonest end";
        }
        word += header.words();
      }
      if (word != segment.used) return "the entries of a segment do not fill it";
      if (segment_live != segment.live) return "a segment counts other entries than it has";
      if (segment_live == 0 && id != log.last_segment()) return "an empty segment was not released";
      log_entries += segment_live;
    }
    if (previous != log.last_segment()) return "a log does not end at its last segment";
    if (log_entries != log.entries()) return "a log counts other entries than it has";
    if (log_words != log.live_words()) return "a log counts other words than it has";
    if (log_segments != log.segments()) return "a log counts other segments than it has";
    segments += log_segments;
  }
  if (segments != arena_.segments_in_use()) return "the arena counts other segments than the logs";
  if (externals != external_entries_) return "the entries outside the arena do not add up";
  if (external_bytes != external_bytes_) return "the bytes outside the arena do not add up";
  if (spare_credits_ != 0) return "credits were not settled";

  std::uint64_t slots = 0;
  for (std::uint64_t index = 0; index < table_.buckets(); ++index) {
    Bucket* home = table_.bucket(index);
    const std::uint32_t sequence = home->sequence.load(std::memory_order_relaxed);
    if (sequence == Bucket::unborn || (sequence & 1U) != 0) return "a bucket is not at rest";
    for (const Bucket* bucket = home; bucket != nullptr; bucket = table_.next(home, bucket)) {
      for (unsigned slot = 0; slot < Bucket::slots; ++slot) {
        if (bucket->tag(slot) == 0) continue;
        ++slots;
        const std::uint32_t reference = bucket->reference(slot);
        if (live.erase(reference) == 0) return "a slot refers to no live entry, or two slots refer to one";
        const std::uint64_t hash = hash_of(reference);
        if (BucketTable::tag(hash) != bucket->tag(slot)) return "a slot has another tag than its entry";
        if (table_.index_of(hash) != index) return "an entry is in another chain than its hash says";
      }
    }
  }
  if (!live.empty()) return "an entry has no slot";
  if (slots != entries()) return "the slots and the logs differ in number";
  return {};
}

}  // namespace cachesite::memory
