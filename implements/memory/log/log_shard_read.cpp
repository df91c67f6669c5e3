#include "memory/log/log_shard_steps.hpp"

#include <algorithm>

namespace cachesite::memory {

namespace {

constexpr unsigned attempts = 4;
constexpr unsigned longest_walk = 8;  // buckets; a longer chain is left to the lock

}  // namespace

LogShard::ReadAttempt LogShard::read_optimistic(std::uint64_t hash, std::string_view key,
                                                Value& destination) {
  if (!table_.has_table()) return ReadAttempt::miss;
  const BucketTable::Home home = table_.read_home(hash);
  if ((home.sequence & 1U) != 0 || home.sequence == Bucket::unborn) return ReadAttempt::unsure;
  const auto unchanged = [&home] {
    return home.bucket->sequence.load(std::memory_order_relaxed) == home.sequence;
  };
  const Bucket* bucket = home.bucket;
  for (unsigned walked = 0;; ++walked) {
    const std::uint64_t word0 = bucket->word0.load(std::memory_order_acquire);
    const std::uint64_t word1 = bucket->word1.load(std::memory_order_acquire);
    for (std::uint32_t matches = match_tags(word0, word1, BucketTable::tag(hash)); matches != 0;
         matches &= matches - 1) {
      const auto slot = static_cast<unsigned>(std::countr_zero(matches));
      const Word* entry = arena_.at(bucket->references[slot].load(std::memory_order_acquire));
      const EntryHeader header = load_header(entry);
      const Word* key_words = entry + header.key_offset();
      if (header.is_external()) {
        if (key_words->load(std::memory_order_acquire) == hash) return ReadAttempt::unsure;
        continue;
      }
      if (header.key_size() != key.size() || !same_bytes(key_words, key.data(), key.size())) continue;
      if (const Tick now = clock_.now(); header.is_expired(entry, now)) {
        const bool kept = !header.is_expired(entry, context_.budget.over_at(now));
        return kept && unchanged() ? ReadAttempt::miss : ReadAttempt::unsure;
      }
      const std::size_t size = header.value_size();
      copy_out(destination.resize_for_overwrite(size).data(), entry + header.value_offset(), size);
      if (!unchanged()) return ReadAttempt::unsure;
      const_cast<Bucket*>(bucket)->count_use(word1, slot);
      return header.is_null() ? ReadAttempt::null : ReadAttempt::hit;
    }
    if (Bucket::link_of(word1) == 0) break;
    bucket = table_.read_next(home.bucket, word1);
    if (bucket == nullptr || walked == longest_walk) return ReadAttempt::unsure;
  }
  return unchanged() ? ReadAttempt::miss : ReadAttempt::unsure;
}

Found LogShard::read(std::uint64_t hash, std::string_view key, Value& destination, DeferredWork& deferred) {
  for (unsigned attempt = 0; attempt < attempts && context_.idle == 0; ++attempt) {
    switch (read_optimistic(hash, key, destination)) {
      case ReadAttempt::hit:
        return Found::hit;
      case ReadAttempt::null:
        return Found::null;
      case ReadAttempt::miss:
        return Found::miss;
      case ReadAttempt::unsure:
        basics::pause_briefly();
    }
  }
  return read_locked(hash, key, destination, deferred);
}

Found LogShard::read_locked(std::uint64_t hash, std::string_view key, Value& destination,
                            DeferredWork& deferred) {
  const Guard guard(*this);
  Located located;
  if (!find(hash, key, located)) return Found::miss;
  Word* entry = arena_.at(located.reference);
  const EntryHeader header = load_header(entry);
  const Tick now = clock_.now();
  if (header.is_expired(entry, now)) {
    if (!header.is_expired(entry, context_.budget.over_at(now))) return Found::miss;
    drop_at(located.position, located.reference, header, RemovalCause::expired, deferred);
    maintain(now, deferred);
    settle();
    return Found::miss;
  }
  copy_value(entry, header, destination);
  Bucket& bucket = *located.position.bucket;
  bucket.count_use(bucket.word1.load(std::memory_order_relaxed), located.position.slot);
  if (context_.idle != 0) {
    const ChainChange change(*located.position.home);
    put_off(entry, now);
  }
  return header.is_null() ? Found::null : Found::hit;
}

Found LogShard::read_ended(std::uint64_t hash, std::string_view key, Value& destination, Tick& ended_for) {
  const Guard guard(*this);
  Located located;
  if (!find(hash, key, located)) return Found::miss;
  const Word* entry = arena_.at(located.reference);
  const EntryHeader header = load_header(entry);
  const Tick now = clock_.now();
  const bool ended = header.is_expired(entry, now);
  if (ended && header.is_expired(entry, context_.budget.over_at(now))) return Found::miss;
  ended_for = ended ? std::max<Tick>(1, now - header.deadline(entry)) : 0;
  copy_value(entry, header, destination);
  return header.is_null() ? Found::null : Found::hit;
}

Found LogShard::read_with_life(std::uint64_t hash, std::string_view key, Value& destination,
                               Remaining& left) {
  const Guard guard(*this);
  Located located;
  if (!find(hash, key, located)) return Found::miss;
  Word* const entry = arena_.at(located.reference);
  const EntryHeader header = load_header(entry);
  const Tick now = clock_.now();
  if (header.is_expired(entry, now)) return Found::miss;
  left = remaining_until(header.expiry(entry), now);
  copy_value(entry, header, destination);
  Bucket& bucket = *located.position.bucket;
  bucket.count_use(bucket.word1.load(std::memory_order_relaxed), located.position.slot);
  if (context_.idle != 0) {
    const ChainChange change(*located.position.home);
    put_off(entry, now);
  }
  return header.is_null() ? Found::null : Found::hit;
}

// Throws std::bad_alloc for the destination's memory.
void LogShard::copy_value(const Word* entry, EntryHeader header, Value& destination) const {
  if (header.is_external()) {
    const ExternalEntry& external = *external_of(entry, header);
    if (external.value) destination.share(external.value, external.value_size);
  } else if (!header.is_null()) {
    const std::size_t size = header.value_size();
    copy_out(destination.resize_for_overwrite(size).data(), entry + header.value_offset(), size);
  }
}

void LogShard::put_off(Word* entry, Tick now) noexcept {
  entry->store(load_header(entry).with_idle_deadline(now + context_.idle).raw(), std::memory_order_release);
}

Remaining LogShard::remaining(std::uint64_t hash, std::string_view key) noexcept {
  const Guard guard(*this);
  Located located;
  if (!find(hash, key, located)) return {};
  const Word* entry = arena_.at(located.reference);
  const EntryHeader header = load_header(entry);
  const Tick now = clock_.now();
  if (header.is_expired(entry, now)) return {};
  return remaining_until(header.expiry(entry), now);
}

void LogShard::prefetch_bucket(std::uint64_t hash) const noexcept {
  __builtin_prefetch(table_.read_current_home(hash).bucket);
}

void LogShard::prefetch_entry(std::uint64_t hash) const noexcept {
  const Bucket* home = table_.read_home(hash).bucket;
  const std::uint32_t matches =
      match_tags(home->word0.load(std::memory_order_acquire), home->word1.load(std::memory_order_acquire),
                 BucketTable::tag(hash));
  if (matches == 0) return;
  const Word* entry = arena_.at(home->references[std::countr_zero(matches)].load(std::memory_order_acquire));
  __builtin_prefetch(entry);
  __builtin_prefetch(entry + 8);
}

}  // namespace cachesite::memory
