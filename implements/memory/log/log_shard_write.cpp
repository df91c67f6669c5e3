#include "memory/base/counter_text.hpp"
#include "memory/log/log_shard_steps.hpp"

#include <algorithm>

namespace cachesite::memory {

bool LogShard::needs_external(std::string_view key, const std::optional<ByteView>& value) const noexcept {
  const std::size_t value_size = value ? value->size() : 0;
  const std::size_t limit = arena_.segment_words() / 4;
  return key.size() > EntryHeader::largest_part || value_size > EntryHeader::largest_part ||
         2 + EntryHeader::words_for(key.size()) + EntryHeader::words_for(value_size) > limit;
}

EntryHeader LogShard::header_for(std::string_view key, const std::optional<ByteView>& value, bool external,
                                 Tick expiry, Tick now) const noexcept {
  const EntryHeader header =
      external ? EntryHeader::make(0, 0, !value, true, expiry)
               : EntryHeader::make(key.size(), value ? value->size() : 0, !value, false, expiry);
  return context_.idle == 0 ? header : header.with_idle_deadline(now + context_.idle);
}

void LogShard::fill(Word* entry, const NewEntry& fresh) noexcept {
  entry->store(fresh.header.raw(), std::memory_order_release);
  if (fresh.header.is_wide()) entry[1].store(fresh.expiry, std::memory_order_release);
  Word* words = entry + fresh.header.key_offset();
  if (fresh.external != nullptr) {
    words[0].store(fresh.hash, std::memory_order_release);
    words[1].store(reinterpret_cast<std::uint64_t>(fresh.external), std::memory_order_release);
    return;
  }
  copy_in(words, fresh.key.data(), fresh.key.size());
  if (fresh.value) copy_in(entry + fresh.header.value_offset(), fresh.value->data(), fresh.value->size());
}

inline void LogShard::fill_plain(Word* entry, const NewEntry& fresh) noexcept {
  entry->store(fresh.header.raw(), std::memory_order_release);
  copy_key_in(entry + 1, fresh.key.data(), fresh.key.size());
  if (!fresh.value) return;
  Word* const place = entry + 1 + EntryHeader::words_for(fresh.key.size());
  copy_in(place, fresh.value->data(), fresh.value->size());
}

// The part of every write that follows the look for an entry.
[[gnu::always_inline]] inline WriteOutcome LogShard::put(const NewEntry& fresh, bool found,
                                                         const Located& located, Tick now,
                                                         std::unique_ptr<ExternalEntry>& external,
                                                         DeferredWork& deferred) noexcept {
  if (++writes_ % writes_per_sweep_elsewhere == 0) deferred.defer_sweep();
  if (found && overwrite(located, fresh, now, deferred)) {
    if (is_due(now)) maintain(now, deferred);
    settle();
    return WriteOutcome::stored;
  }
  const WriteOutcome outcome = store(fresh, found, now, deferred);
  if (outcome == WriteOutcome::stored) {
    static_cast<void>(external.release());
    balance();
  }
  if (is_due(now) || is_due_after_store(now) || outcome != WriteOutcome::stored) maintain(now, deferred);
  settle();
  return outcome;
}

WriteOutcome LogShard::write(std::uint64_t hash, std::string_view key, const std::optional<ByteView>& value,
                             Tick expiry, Tick now, std::unique_ptr<ExternalEntry>& external,
                             DeferredWork& deferred) noexcept {
  const NewEntry fresh{
      hash, key, value, external.get(), header_for(key, value, external != nullptr, expiry, now), expiry};
  const Guard guard(*this);
  Located located;
  const bool found = find(hash, key, located);
  return put(fresh, found, located, now, external, deferred);
}

WriteOutcome LogShard::write_if(WriteCondition condition, std::uint64_t hash, std::string_view key,
                                const std::optional<ByteView>& value, Tick expiry,
                                std::unique_ptr<ExternalEntry>& external, DeferredWork& deferred) noexcept {
  const Guard guard(*this);
  const Tick now = clock_.now();
  Located located;
  const bool found = find(hash, key, located);
  const Word* const entry = found ? arena_.at(located.reference) : nullptr;
  const bool lives = found && !load_header(entry).is_expired(entry, now);
  if (lives != (condition == WriteCondition::present)) return WriteOutcome::unchanged;
  const NewEntry fresh{
      hash, key, value, external.get(), header_for(key, value, external != nullptr, expiry, now), expiry};
  return put(fresh, found, located, now, external, deferred);
}

WriteOutcome LogShard::increment(std::uint64_t hash, std::string_view key, std::int64_t by, Tick expiry,
                                 std::unique_ptr<ExternalEntry>& external, std::int64_t& sum,
                                 DeferredWork& deferred) noexcept {
  const Guard guard(*this);
  const Tick now = clock_.now();
  Located located;
  const bool found = find(hash, key, located);
  const Word* const entry = found ? arena_.at(located.reference) : nullptr;
  std::int64_t changed = by;
  if (found && !load_header(entry).is_expired(entry, now)) {
    const EntryHeader header = load_header(entry);
    const auto number = header.is_null() ? std::nullopt : CounterText::number_in(value_of(entry, header));
    if (!number) return WriteOutcome::no_counter;
    const auto in_range = sum_in_range(*number, by);
    if (!in_range) return WriteOutcome::out_of_range;
    changed = *in_range;
    expiry = header.expiry(entry);
  }
  const CounterText text(changed);
  const std::optional<ByteView> value(text.text());
  if (external) external->overwrite_value(text.text());
  const NewEntry fresh{
      hash, key, value, external.get(), header_for(key, value, external != nullptr, expiry, now), expiry};
  const WriteOutcome outcome = put(fresh, found, located, now, external, deferred);
  if (outcome == WriteOutcome::stored) sum = changed;
  return outcome;
}

// Where the new content has the shape of the old, no entry has to be appended and none becomes dead.
bool LogShard::overwrite(const Located& located, const NewEntry& fresh, Tick now,
                         DeferredWork& deferred) noexcept {
  Word* entry = arena_.at(located.reference);
  const EntryHeader old = load_header(entry);
  if (old.is_external() || fresh.external != nullptr || old.words() != fresh.header.words() ||
      old.is_wide() != fresh.header.is_wide()) {
    return false;
  }
  const bool expired = old.is_expired(entry, now);
  forget_content(located.reference, old, expired ? RemovalCause::expired : RemovalCause::replaced, deferred);
  ++counters_.inserts;
  expect_end(fresh.expiry);
  {
    const ChainChange change(*located.position.home);
    entry->store(fresh.header.raw(), std::memory_order_release);
    if (fresh.header.is_wide()) entry[1].store(fresh.expiry, std::memory_order_release);
    if (fresh.value) copy_in(entry + fresh.header.value_offset(), fresh.value->data(), fresh.value->size());
  }
  Bucket& bucket = *located.position.bucket;
  bucket.count_use(bucket.word1.load(std::memory_order_relaxed), located.position.slot);
  return true;
}

inline bool LogShard::take_credit(Tick now, DeferredWork& deferred) noexcept {
  while (spare_credits_ == 0) {
    if (context_.budget.try_take_entry()) return true;
    if (!evict_one(now, deferred)) return false;
  }
  --spare_credits_;
  return true;
}

bool LogShard::take_bytes(std::uint64_t bytes, Tick now, DeferredWork& deferred) noexcept {
  while (!context_.budget.try_take_bytes(bytes)) {
    arena_.trim(~std::uint64_t{0});
    retired_.finish();
    if (context_.budget.try_take_bytes(bytes)) return true;
    if (!evict_one(now, deferred)) return false;
  }
  return true;
}

inline std::uint32_t LogShard::append_to_window(std::size_t words, Tick now,
                                                DeferredWork& deferred) noexcept {
  for (;;) {
    const std::uint32_t reference = window().append(words, false);
    if (reference != EntryLog::none) return reference;
    if (!evict_one(now, deferred)) return EntryLog::none;
  }
}

WriteOutcome LogShard::store(const NewEntry& fresh, bool found, Tick now, DeferredWork& deferred) noexcept {
  if (!table_.ensure()) return WriteOutcome::no_memory;
  bool credit = false;
  if (!found) {
    if (!take_credit(now, deferred)) return WriteOutcome::no_room_here;
    credit = true;
  }
  const std::uint64_t external_bytes = fresh.external != nullptr ? fresh.external->bytes() : 0;
  const auto fail = [&](WriteOutcome outcome) {
    if (credit) ++spare_credits_;
    return outcome;
  };
  if (external_bytes != 0 && !take_bytes(external_bytes, now, deferred))
    return fail(WriteOutcome::no_room_here);
  const std::uint32_t reference = append_to_window(fresh.header.words(), now, deferred);
  if (reference == EntryLog::none) {
    context_.budget.give_bytes(external_bytes);
    return fail(WriteOutcome::no_room_here);
  }
  fill(arena_.at(reference), fresh);
  expect_end(fresh.header.deadline(arena_.at(reference)));
  // Making room may have moved or evicted the old entry.
  Located old;
  if (found && find(fresh.hash, fresh.key, old)) {
    const Word* entry = arena_.at(old.reference);
    const EntryHeader header = load_header(entry);
    const bool expired = header.is_expired(entry, now);
    forget_content(old.reference, header, expired ? RemovalCause::expired : RemovalCause::replaced, deferred);
    {
      const ChainChange change(*old.position.home);
      old.position.bucket->set_reference(old.position.slot, reference);
    }
    kill(old.reference, header);
  } else {
    if (!credit) {
      // The old entry was evicted just now, and left its credit.
      --spare_credits_;
      credit = true;
    }
    Bucket* home = table_.home(fresh.hash, hasher());
    if (!table_.insert(home, BucketTable::tag(fresh.hash), reference)) {
      kill(reference, fresh.header);
      context_.budget.give_bytes(external_bytes);
      return fail(WriteOutcome::no_memory);
    }
    if (!is_full()) sketch_.add(fresh.hash);
  }
  ++counters_.inserts;
  if (fresh.external != nullptr) {
    ++external_entries_;
    external_bytes_ += external_bytes;
  }
  return WriteOutcome::stored;
}

[[gnu::always_inline]] inline WriteOutcome LogShard::append_absent(const NewEntry& fresh, Tick now,
                                                                   DeferredWork& deferred) noexcept {
  if (!take_credit(now, deferred)) return WriteOutcome::no_room_here;
  const std::uint32_t reference = append_to_window(fresh.header.plain_words(), now, deferred);
  if (reference == EntryLog::none) {
    ++spare_credits_;
    return WriteOutcome::no_room_here;
  }
  fill_plain(arena_.at(reference), fresh);
  expect_end(fresh.expiry);
  Bucket* const home = table_.home(fresh.hash, hasher());
  if (!table_.insert(home, BucketTable::tag(fresh.hash), reference)) {
    kill(reference, fresh.header);
    ++spare_credits_;
    return WriteOutcome::no_memory;
  }
  if (!is_full()) sketch_.add(fresh.hash);
  ++counters_.inserts;
  return WriteOutcome::stored;
}

WriteOutcome LogShard::store_absent(const NewEntry& fresh, Tick now, DeferredWork& deferred) noexcept {
  prefetch_for_eviction();
  if (++writes_ % writes_per_sweep_elsewhere == 0) deferred.defer_sweep();
  const WriteOutcome outcome = append_absent(fresh, now, deferred);
  if (outcome == WriteOutcome::stored) balance();
  if (is_due_after_store(now)) maintain(now, deferred);
  settle();
  lock_.unlock();
  return outcome;
}

WriteOutcome LogShard::expire(std::uint64_t hash, std::string_view key, Tick expiry, bool only_if_it_ends,
                              DeferredWork& deferred) noexcept {
  const Guard guard(*this);
  Located located;
  if (!find(hash, key, located)) return WriteOutcome::unchanged;
  Word* entry = arena_.at(located.reference);
  const EntryHeader header = load_header(entry);
  const Tick now = clock_.now();
  if (header.is_expired(entry, now)) return WriteOutcome::unchanged;
  if (only_if_it_ends && header.expiry(entry) == never) return WriteOutcome::unchanged;
  expect_end(expiry);
  EntryHeader changed = EntryHeader::make(header.key_size(), header.value_size(), header.is_null(),
                                          header.is_external(), header.is_wide() ? never - 1 : expiry);
  if (context_.idle != 0) changed = changed.with_idle_deadline(now + context_.idle);
  if (changed.words() == header.words()) {
    const ChainChange change(*located.position.home);
    entry->store(changed.raw(), std::memory_order_release);
    if (changed.is_wide()) entry[1].store(expiry, std::memory_order_release);
    return WriteOutcome::stored;
  }
  // The new end does not fit into the header: the entry moves, one word longer.
  const std::uint32_t reference = window().append(changed.words(), true);
  if (reference == EntryLog::none) return WriteOutcome::no_memory;
  Word* target = arena_.at(reference);
  target[0].store(changed.raw(), std::memory_order_release);
  target[1].store(expiry, std::memory_order_release);
  copy_words(target + 2, entry + 1, header.words() - 1);
  {
    const ChainChange change(*located.position.home);
    located.position.bucket->set_reference(located.position.slot, reference);
  }
  kill(located.reference, header);
  maintain(now, deferred);
  settle();
  return WriteOutcome::stored;
}

}  // namespace cachesite::memory
