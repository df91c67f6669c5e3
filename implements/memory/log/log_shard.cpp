#include "memory/log/log_shard_steps.hpp"

#include <bit>
#include <mutex>

namespace cachesite::memory {

LogShard::LogShard(const ShardContext& context) noexcept
    : context_(context),
      clock_(context.clock),
      retired_(context.pages, context.budget),
      table_(context.pages, context.budget, retired_, context.table_base),
      arena_(context.pages, context.budget, context.segment_word_bits),
      logs_{EntryLog(arena_, 0), EntryLog(arena_, 1)},
      sketch_(context.pages, context.budget, retired_, context.least_sketch_blocks) {}

LogShard::~LogShard() {
  DeferredWork deferred(nullptr);
  clear(deferred);
}

std::string_view LogShard::key_of(std::uint32_t reference) const noexcept {
  const Word* entry = arena_.at(reference);
  const EntryHeader header = load_header(entry);
  if (header.is_external()) return external_of(entry, header)->key;
  // Only readers run beside the holder of the lock, so the words can be looked at as bytes.
  return {reinterpret_cast<const char*>(entry + header.key_offset()), header.key_size()};
}

std::string_view LogShard::value_of(const Word* entry, EntryHeader header) const noexcept {
  if (!header.is_external())
    return {reinterpret_cast<const char*>(entry + header.value_offset()), header.value_size()};
  const ExternalEntry& external = *external_of(entry, header);
  return {reinterpret_cast<const char*>(external.value.get()), external.value_size};
}

bool LogShard::is_entry_of(std::uint32_t reference, std::uint64_t hash, std::string_view key) const noexcept {
  const Word* entry = arena_.at(reference);
  const EntryHeader header = load_header(entry);
  if (header.is_external()) {
    return entry[header.key_offset()].load(std::memory_order_relaxed) == hash &&
           external_of(entry, header)->key == key;
  }
  return header.key_size() == key.size() && same_bytes(entry + header.key_offset(), key.data(), key.size());
}

bool LogShard::find(std::uint64_t hash, std::string_view key, Located& located) noexcept {
  if (!table_.has_table()) return false;
  Bucket* home = table_.home(hash, hasher());
  for (Bucket* bucket = home; bucket != nullptr; bucket = table_.next(home, bucket)) {
    std::uint32_t matches = match_tags(bucket->word0.load(std::memory_order_relaxed),
                                       bucket->word1.load(std::memory_order_relaxed), BucketTable::tag(hash));
    for (; matches != 0; matches &= matches - 1) {
      const auto slot = static_cast<unsigned>(std::countr_zero(matches));
      const std::uint32_t reference = bucket->reference(slot);
      if (is_entry_of(reference, hash, key)) {
        located = {{home, bucket, slot}, reference};
        return true;
      }
    }
  }
  return false;
}

// Nothing is freed: the structures may be anything, and readers may still be at them.
void LogShard::start_again() noexcept {
  context_.budget.give_entries(entries() + spare_credits_);
  context_.budget.give_bytes(held_bytes());
  table_.abandon();
  arena_.abandon();
  sketch_.abandon();
  retired_.abandon();
  for (EntryLog& log : logs_)
    log.abandon();
  cursor_ = {};
  oldest_ = {};
  soonest_ = never;
  spare_credits_ = external_entries_ = external_bytes_ = 0;
  upkeep_pending_ = true;
}

std::uint64_t LogShard::held_bytes() const noexcept {
  return arena_.bytes() + table_.bytes() + sketch_.bytes() + retired_.charged() + external_bytes_;
}

void LogShard::forget_external(std::uint32_t reference, EntryHeader header, DeferredWork& deferred) noexcept {
  ExternalEntry* const external = external_of(arena_.at(reference), header);
  --external_entries_;
  external_bytes_ -= external->bytes();
  context_.budget.give_bytes(external->bytes());
  deferred.drop(external);
}

void LogShard::drop(std::uint32_t reference, RemovalCause cause, DeferredWork& deferred) noexcept {
  SlotPosition position;
  if (!locate(hash_of(reference), reference, position)) return;
  drop_at(position, reference, load_header(arena_.at(reference)), cause, deferred);
}

void LogShard::settle() noexcept {
  if (spare_credits_ == 0) return;
  context_.budget.give_entries(spare_credits_);
  spare_credits_ = 0;
}

bool LogShard::remove(std::uint64_t hash, std::string_view key, DeferredWork& deferred) noexcept {
  const Guard guard(*this);
  Located located;
  if (!find(hash, key, located)) return false;
  const Word* entry = arena_.at(located.reference);
  const EntryHeader header = load_header(entry);
  const Tick now = clock_.now();
  const bool expired = header.is_expired(entry, now);
  drop_at(located.position, located.reference, header,
          expired ? RemovalCause::expired : RemovalCause::removed, deferred);
  maintain(now, deferred);
  settle();
  return !expired;
}

void LogShard::clear(DeferredWork& deferred) noexcept {
  const Guard guard(*this);
  const std::uint64_t count = entries();
  if (deferred.listening() || external_entries_ != 0) {
    for (const EntryLog& log : logs_) {
      for (std::uint32_t id = log.first_segment(); id != Arena::none; id = arena_.segment(id).next) {
        for (std::size_t word = arena_.segment(id).begin; word < arena_.segment(id).used;) {
          const std::uint32_t reference = arena_.reference(id, word);
          const EntryHeader header = load_header(arena_.at(reference));
          if (!header.is_dead()) forget_content(reference, header, RemovalCause::cleared, deferred);
          word += header.words();
        }
      }
    }
  } else {
    counters_.cleared += count;
  }
  table_.reset();
  for (EntryLog& log : logs_)
    log.clear();
  arena_.trim(~std::uint64_t{0});
  sketch_.release();
  retired_.finish();
  cursor_ = {};
  oldest_ = {};
  soonest_ = never;
  upkeep_pending_ = true;
  spare_credits_ += count;
  settle();
}

bool LogShard::give_up(unsigned most, DeferredWork& deferred) noexcept {
  const Guard guard(*this);
  bool any = false;
  const Tick now = clock_.now();
  for (unsigned i = 0; i < most && evict_one(now, deferred); ++i)
    any = true;
  settle();
  return any;
}

void LogShard::sweep_by(Tick now, DeferredWork& deferred) noexcept {
  const std::unique_lock guard(lock_, std::try_to_lock);
  if (!guard.owns_lock()) return;
  if (!is_due(now)) return;
  maintain(now, deferred);
  settle();
}

void LogShard::upkeep(unsigned slices, DeferredWork& deferred) noexcept {
  const Guard guard(*this);
  const Tick now = clock_.now();
  for (unsigned i = 0; i < slices; ++i)
    maintain(now, deferred);
  settle();
}

std::uint64_t LogShard::scan(std::uint64_t place, const std::function<void(std::string_view)>& visit) {
  const Guard guard(*this);
  if (!table_.has_table()) return no_place;
  const Tick now = clock_.now();
  Bucket* home = table_.home(place << 16U, hasher());
  for (const Bucket* bucket = home; bucket != nullptr; bucket = table_.next(home, bucket)) {
    for (unsigned slot = 0; slot < Bucket::slots; ++slot) {
      if (bucket->tag(slot) == 0) continue;
      const Word* entry = arena_.at(bucket->reference(slot));
      if (!load_header(entry).is_expired(entry, now)) visit(key_of(bucket->reference(slot)));
    }
  }
  const std::uint64_t buckets = table_.buckets();
  const std::uint64_t following = table_.index_of(place << 16U) + 1;
  return following >= buckets ? no_place : ((following << 32U) + buckets - 1) / buckets;
}

ShardStatistics LogShard::statistics() const noexcept {
  const Guard guard(*this);
  ShardStatistics result = counters_;
  result.entries = entries();
  result.bytes = held_bytes();
  result.slots = table_.buckets() * Bucket::slots;
  return result;
}

}  // namespace cachesite::memory
