#pragma once

#include "memory/log/log_shard.hpp"

namespace cachesite::memory {

// The short way for what most writes to a cache that is full of its working set are.
[[gnu::always_inline]] inline LogShard::FastWrite LogShard::overwrite_fast(
    std::uint64_t hash, std::string_view key, const std::optional<ByteView>& value, EntryHeader header,
    Tick expiry, Tick now) noexcept {
  if (!lock_.try_lock()) return FastWrite::unsure;
  FastWrite done = FastWrite::unsure;
  Bucket* const bucket = is_due(now) ? nullptr : table_.current_home(hash);
  if (bucket != nullptr) {
    const std::uint64_t word1 = bucket->word1.load(std::memory_order_relaxed);
    std::uint32_t matches =
        match_tags(bucket->word0.load(std::memory_order_relaxed), word1, BucketTable::tag(hash));
    bool may_be_elsewhere = Bucket::link_of(word1) != 0;
    for (; matches != 0; matches &= matches - 1) {
      const auto slot = static_cast<unsigned>(std::countr_zero(matches));
      Word* const entry = arena_.at(bucket->reference(slot));
      const EntryHeader old = load_header(entry);
      if (!old.is_plain_with_key_of(key.size()) || !same_bytes(entry + 1, key.data(), key.size())) {
        // The key of an entry of another kind was not looked at.
        may_be_elsewhere |= !old.is_plain();
        continue;
      }
      may_be_elsewhere = true;
      if (!old.has_length_of(header) || old.may_be_expired(now)) break;
      {
        const ChainChange change(*bucket);
        entry->store(header.raw(), std::memory_order_release);
        if (value) copy_in(entry + 1 + EntryHeader::words_for(key.size()), value->data(), value->size());
      }
      bucket->count_use(word1, slot);
      expect_end(expiry);
      ++counters_.inserts;
      ++counters_.replacements;
      done = ++writes_ % writes_per_sweep_elsewhere == 0 ? FastWrite::stored_with_sweep : FastWrite::stored;
      break;
    }
    if (!may_be_elsewhere) return FastWrite::absent;
  }
  lock_.unlock();
  return done;
}

}  // namespace cachesite::memory
