#pragma once

#include "memory/log_shard.hpp"

namespace cachesite::memory {

// The short way, for what nearly every read is: a plain entry, or none, and no chain. It holds so little at a
// time that all of it stays in registers.
[[gnu::always_inline]] inline LogShard::Glance LogShard::glance(std::uint64_t hash, std::string_view key,
                                                                Value& destination) {
  if (key.size() > EntryHeader::largest_part) return Glance::unsure;
  const BucketTable::Home home = table_.read_current_home(hash);
  if (home.bucket == nullptr || (home.sequence & 1U) != 0) return Glance::unsure;
  const Bucket* bucket = home.bucket;
  const std::uint64_t word1 = bucket->word1.load(std::memory_order_acquire);
  std::uint32_t matches =
      match_tags(bucket->word0.load(std::memory_order_acquire), word1, BucketTable::tag(hash));
  for (; matches != 0; matches &= matches - 1) {
    const auto slot = static_cast<unsigned>(std::countr_zero(matches));
    const Word* entry = arena_.at(bucket->references[slot].load(std::memory_order_acquire));
    const EntryHeader header = load_header(entry);
    if (!header.is_plain_with_key_of(key.size())) {
      if (!header.is_plain()) return Glance::unsure;
      continue;
    }
    if (!same_bytes(entry + 1, key.data(), key.size())) continue;
    if (header.is_plain_and_expired(clock_.now())) return Glance::unsure;
    const std::size_t size = header.value_size();
    copy_out(destination.resize_for_overwrite(size).data(), entry + 1 + EntryHeader::words_for(key.size()),
             size);
    if (bucket->sequence.load(std::memory_order_relaxed) != home.sequence) return Glance::unsure;
    const_cast<Bucket*>(bucket)->count_use(word1, slot);
    return header.is_null() ? Glance::null : Glance::hit;
  }
  // An unborn bucket is empty too, and says nothing.
  const bool sure = Bucket::link_of(word1) == 0 && home.sequence != Bucket::unborn &&
                    bucket->sequence.load(std::memory_order_relaxed) == home.sequence;
  return sure ? Glance::miss : Glance::unsure;
}

}  // namespace cachesite::memory
