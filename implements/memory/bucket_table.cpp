#include "memory/bucket_table.hpp"

namespace cachesite::memory {

BucketTable::BucketTable(PageSource& pages, Budget& budget, std::uint32_t base) noexcept
    : pages_(pages), budget_(budget), base_(base) {}

BucketTable::~BucketTable() {
  budget_.give_bytes(charged_);
  for (unsigned level = 0; level < most_levels; ++level) {
    if (levels_[level].buckets != nullptr) pages_.unmap(levels_[level].buckets, level_bytes(level));
  }
}

std::uint64_t BucketTable::level_bytes(unsigned level) const noexcept {
  const std::uint64_t count = base_ << level;
  return (count + overflow_capacity(count)) * sizeof(Bucket);
}

BucketTable::Home BucketTable::read_previous_home(std::uint64_t hash, const Bucket* bucket) const noexcept {
  const std::uint64_t previous = previous_.load(std::memory_order_acquire);
  if (previous == 0) return {bucket, Bucket::unborn};
  bucket = bucket_at(previous, place(hash));
  return {bucket, bucket->sequence.load(std::memory_order_acquire)};
}

BucketTable::Level& BucketTable::level_holding(const Bucket* home) noexcept {
  const std::uint64_t current = current_.load(std::memory_order_relaxed);
  const Bucket* begin = data_of(current);
  const bool in_current = home >= begin && home < begin + count_of(current);
  return levels_[in_current ? level_of(current) : level_of(previous_.load(std::memory_order_relaxed))];
}

const Bucket* BucketTable::follow(const Bucket* home, std::uint32_t link) const noexcept {
  std::uint64_t state = current_.load(std::memory_order_acquire);
  if (home < data_of(state) || home >= data_of(state) + count_of(state)) {
    state = previous_.load(std::memory_order_acquire);
    // A reader may come late, to a table that is gone: its check of the sequence will tell.
    if (state == 0 || home < data_of(state) || home >= data_of(state) + count_of(state)) return nullptr;
  }
  if (link > overflow_capacity(count_of(state))) return nullptr;
  return data_of(state) + count_of(state) + link - 1;
}

void BucketTable::charge(std::uint64_t buckets) noexcept {
  charged_ += buckets * sizeof(Bucket);
  budget_.take_bytes(buckets * sizeof(Bucket));
}

bool BucketTable::begin(unsigned level) noexcept {
  const std::uint64_t count = base_ << level;
  Level& target = levels_[level];
  if (target.buckets == nullptr) {
    target.buckets = static_cast<Bucket*>(pages_.map(level_bytes(level)));
    if (target.buckets == nullptr) return false;
  }
  target.overflow_used = target.overflow_free = 0;
  charge(count);
  // A bucket born in this table never has a sequence number that a reader may remember from an earlier use of
  // the same memory.
  birth_sequence_ += 1U << 20U;
  if (birth_sequence_ < 2) birth_sequence_ = 2;
  const std::uint64_t old = current_.load(std::memory_order_relaxed);
  const std::uint64_t fresh = reinterpret_cast<std::uint64_t>(target.buckets) | level;
  if (old == 0) {
    for (std::uint64_t i = 0; i < count; ++i) {
      target.buckets[i].clear();
      target.buckets[i].sequence.store(birth_sequence_, std::memory_order_release);
    }
    current_.store(fresh, std::memory_order_release);
    return true;
  }
  next_unit_ = 0;
  previous_.store(old, std::memory_order_release);
  current_.store(fresh, std::memory_order_release);
  return true;
}

void BucketTable::end() noexcept {
  const std::uint64_t old = previous_.load(std::memory_order_relaxed);
  previous_.store(0, std::memory_order_release);
  const unsigned level = level_of(old);
  const std::uint64_t bytes = (count_of(old) + levels_[level].overflow_used) * sizeof(Bucket);
  pages_.discard(levels_[level].buckets, level_bytes(level));
  charged_ -= bytes;
  budget_.give_bytes(bytes);
}

void BucketTable::reset() noexcept {
  const std::uint64_t current = current_.load(std::memory_order_relaxed);
  const std::uint64_t previous = previous_.load(std::memory_order_relaxed);
  if (current == 0) return;
  // Readers see buckets that are moved, then none at all.
  for (const std::uint64_t state : {previous, current}) {
    for (std::uint64_t i = 0; i < count_of(state); ++i) {
      data_of(state)[i].sequence.store(Bucket::moved, std::memory_order_release);
    }
  }
  current_.store(0, std::memory_order_release);
  previous_.store(0, std::memory_order_release);
  for (const std::uint64_t state : {previous, current}) {
    if (state != 0) pages_.discard(data_of(state), level_bytes(level_of(state)));
  }
  budget_.give_bytes(charged_);
  charged_ = 0;
}

void BucketTable::bear(std::uint64_t unit) noexcept {
  const std::uint64_t current = current_.load(std::memory_order_relaxed);
  const std::uint64_t width = count_of(current) / units();
  for (std::uint64_t i = 0; i < width; ++i) {
    data_of(current)[unit * width + i].sequence.store(birth_sequence_, std::memory_order_release);
  }
}

void BucketTable::retire(std::uint64_t unit) noexcept {
  const std::uint64_t previous = previous_.load(std::memory_order_relaxed);
  const std::uint64_t width = count_of(previous) / units();
  for (std::uint64_t i = 0; i < width; ++i) {
    data_of(previous)[unit * width + i].sequence.store(Bucket::moved, std::memory_order_release);
  }
}

std::uint32_t BucketTable::take_overflow(unsigned level) noexcept {
  Level& holder = levels_[level];
  const std::uint64_t count = base_ << level;
  if (holder.overflow_free != 0) {
    const std::uint32_t link = holder.overflow_free;
    Bucket& bucket = holder.buckets[count + link - 1];
    holder.overflow_free = bucket.link();
    bucket.clear();
    return link;
  }
  const std::uint64_t most =
      overflow_capacity(count) < Bucket::link_mask ? overflow_capacity(count) : Bucket::link_mask;
  if (holder.overflow_used >= most) return 0;
  charge(1);
  const std::uint32_t link = ++holder.overflow_used;
  holder.buckets[count + link - 1].clear();
  return link;
}

bool BucketTable::place_entry(Bucket* home, std::uint8_t tag, std::uint32_t reference,
                              unsigned use) noexcept {
  Bucket* bucket = home;
  for (;;) {
    const std::uint32_t empty = match_tags(bucket->word0.load(std::memory_order_relaxed),
                                           bucket->word1.load(std::memory_order_relaxed), 0);
    if (empty != 0) {
      const auto slot = static_cast<unsigned>(std::countr_zero(empty));
      bucket->set_reference(slot, reference);
      bucket->set_use(slot, use);
      bucket->set_tag(slot, tag);
      return true;
    }
    Bucket* following = next(home, bucket);
    if (following == nullptr) break;
    bucket = following;
  }
  const Level& level = level_holding(home);
  const std::uint32_t link = take_overflow(static_cast<unsigned>(&level - levels_.data()));
  if (link == 0) return false;
  bucket->set_link(link);
  Bucket* last = next(home, bucket);
  last->set_reference(0, reference);
  last->set_use(0, use);
  last->set_tag(0, tag);
  return true;
}

bool BucketTable::insert(Bucket* home, std::uint8_t tag, std::uint32_t reference) noexcept {
  const ChainChange change(*home);
  return place_entry(home, tag, reference, 0);
}

void BucketTable::erase(const SlotPosition& position) noexcept {
  const ChainChange change(*position.home);
  // The chain stays without holes, so its length is what the number of entries asks for.
  Bucket* before = nullptr;
  Bucket* last = position.home;
  while (Bucket* following = next(position.home, last)) {
    before = last;
    last = following;
  }
  if (last == position.bucket || before == nullptr) {
    position.bucket->set_tag(position.slot, 0);
  } else {
    unsigned slot = Bucket::slots - 1;
    while (last->tag(slot) == 0)
      --slot;
    position.bucket->set_reference(position.slot, last->reference(slot));
    position.bucket->set_use(position.slot, last->use(slot));
    position.bucket->set_tag(position.slot, last->tag(slot));
    last->set_tag(slot, 0);
  }
  if (before == nullptr) return;
  const std::uint64_t tags = last->word1.load(std::memory_order_relaxed) & ((1U << Bucket::link_shift) - 1);
  if (last->word0.load(std::memory_order_relaxed) != 0 || tags != 0) return;
  Level& level = level_holding(position.home);
  const std::uint32_t link = before->link();
  before->set_link(0);
  last->set_link(level.overflow_free);
  level.overflow_free = link;
}

}  // namespace cachesite::memory
