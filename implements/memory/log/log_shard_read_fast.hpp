#pragma once

#include "memory/log/log_shard.hpp"

namespace cachesite::memory {

// The short way, for what nearly every read is: a plain entry with a short value, or none, no chain, and no
// other key with the same tag. It calls nothing and holds so little that all of it stays in registers.
template <class Take>
[[gnu::always_inline]] inline bool LogShard::read_fast(std::uint64_t hash, std::string_view key, Found& found,
                                                       Take take) const noexcept {
  const BucketTable::Home home = table_.read_current_home(hash);
  if ((home.sequence & 1U) != 0) return false;
  const Bucket* const bucket = home.bucket;
  const std::uint64_t word1 = bucket->word1.load(std::memory_order_acquire);
  const std::uint32_t matches =
      match_tags(bucket->word0.load(std::memory_order_acquire), word1, BucketTable::tag(hash));
  if (matches == 0) {
    found = Found::miss;
    // An unborn bucket is empty too, and says nothing.
    return Bucket::link_of(word1) == 0 && home.sequence != Bucket::unborn &&
           bucket->sequence.load(std::memory_order_relaxed) == home.sequence;
  }
  const auto slot = static_cast<std::size_t>(std::countr_zero(matches));
  const Word* const entry = arena_.at(bucket->references[slot].load(std::memory_order_acquire));
  const EntryHeader header = load_header(entry);
  if (!header.is_plain_with_key_of(key.size()) || !same_bytes(entry + 1, key.data(), key.size()))
    return false;
  const Tick now = clock_.known_now();
  if (header.may_be_expired(now)) return false;
  const_cast<Bucket*>(bucket)->count_use(word1, static_cast<unsigned>(slot));
  if (!take(entry + 1 + EntryHeader::words_for(key.size()), header.value_size(), now)) return false;
  if (bucket->sequence.load(std::memory_order_relaxed) != home.sequence) return false;
  found = header.is_null() ? Found::null : Found::hit;
  return true;
}

}  // namespace cachesite::memory
