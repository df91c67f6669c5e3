#include "memory/log/bucket_table.hpp"

#include <algorithm>

namespace cachesite::memory {

BucketTable::BucketTable(PageSource& pages, Budget& budget, RetiredPages& retired,
                         std::uint32_t base) noexcept
    : pages_(pages), budget_(budget), retired_(retired) {
  nothing_.sequence.store(Bucket::moved, std::memory_order_relaxed);
  for (unsigned level = 0; level < most_levels; ++level)
    levels_[level].count = std::uint64_t{base} << level;
}

BucketTable::~BucketTable() {
  retired_.finish();
  budget_.give_bytes(charged_);
  for (const Level& level : levels_) {
    if (level.buckets == nullptr) continue;
    pages_.unmap_dense(level.buckets, level.bytes(), 0);
    pages_.unmap(level.far_overflow, level.far_bytes());
  }
}

BucketTable::Home BucketTable::read_previous_home(std::uint64_t hash, const Bucket* bucket) const noexcept {
  const Level* const previous = previous_.load(std::memory_order_acquire);
  if (previous == nullptr) return {bucket, Bucket::unborn};
  bucket = previous->at(place(hash));
  return {bucket, bucket->sequence.load(std::memory_order_acquire)};
}

const Bucket* BucketTable::follow(const Bucket* home, std::uint32_t link) const noexcept {
  const Level* level = current_.load(std::memory_order_acquire);
  if (!level->holds(home)) {
    level = previous_.load(std::memory_order_acquire);
    // A reader may come late, to a table that is gone: its check of the sequence will tell.
    if (level == nullptr || !level->holds(home)) return nullptr;
  }
  if (link > level->overflow_capacity()) return nullptr;
  return level->overflow(link);
}

void BucketTable::charge(std::uint64_t buckets) noexcept {
  charged_ += buckets * sizeof(Bucket);
  budget_.take_bytes(buckets * sizeof(Bucket));
}

bool BucketTable::begin(unsigned level) noexcept {
  Level& target = levels_[level];
  retired_.finish();
  if (target.buckets == nullptr && !map(target)) return false;
  target.overflow_used = target.overflow_free = 0;
  charge(target.count);
  // A bucket born in this table never has a sequence number that a reader may remember from an earlier use of
  // the same memory.
  birth_sequence_ += 1U << 20U;
  if (birth_sequence_ < 2) birth_sequence_ = 2;
  Level* const old = current_.load(std::memory_order_relaxed);
  if (old == &none_) {
    for (std::uint64_t i = 0; i < target.count; ++i) {
      target.buckets[i].clear();
      target.buckets[i].sequence.store(birth_sequence_, std::memory_order_release);
    }
  } else {
    next_unit_ = 0;
    previous_.store(old, std::memory_order_release);
  }
  current_.store(&target, std::memory_order_release);
  return true;
}

bool BucketTable::map(Level& level) noexcept {
  void* const far = pages_.map(level.far_bytes());
  if (far == nullptr) return false;
  void* const buckets = pages_.map_dense(level.bytes(), 0);
  if (buckets == nullptr) {
    pages_.unmap(far, level.far_bytes());
    return false;
  }
  level.far_overflow = static_cast<Bucket*>(far);
  level.buckets = static_cast<Bucket*>(buckets);
  return true;
}

void BucketTable::discard(const Level& level) noexcept {
  pages_.discard(level.buckets, level.bytes());
  pages_.discard(level.far_overflow, level.far_bytes());
}

void BucketTable::end() noexcept {
  const Level& old = *previous_.load(std::memory_order_relaxed);
  previous_.store(nullptr, std::memory_order_release);
  const std::uint64_t charged = (old.count + old.overflow_used) * sizeof(Bucket);
  charged_ -= charged;
  retired_.add(old.far_overflow, old.far_bytes(), 0, RetiredPages::End::discarded);
  retired_.add(old.buckets, old.bytes(), charged, RetiredPages::End::discarded);
}

void BucketTable::reset() noexcept {
  const Level* const current = has_table() ? current_.load(std::memory_order_relaxed) : nullptr;
  const Level* const previous = previous_.load(std::memory_order_relaxed);
  // Readers see buckets that are moved, then none at all.
  for (const Level* level : {previous, current}) {
    for (std::uint64_t i = 0; level != nullptr && i < level->count; ++i)
      level->buckets[i].sequence.store(Bucket::moved, std::memory_order_release);
  }
  current_.store(&none_, std::memory_order_release);
  previous_.store(nullptr, std::memory_order_release);
  for (const Level* level : {previous, current}) {
    if (level != nullptr) discard(*level);
  }
  budget_.give_bytes(charged_);
  charged_ = 0;
}

void BucketTable::abandon() noexcept {
  current_.store(&none_, std::memory_order_release);
  previous_.store(nullptr, std::memory_order_release);
  for (const Level& level : levels_) {
    if (level.buckets == nullptr) continue;
    discard(level);
    // Only what was not given back is written to.
    for (std::uint64_t i = 0; i < level.count; ++i) {
      auto& sequence = level.buckets[i].sequence;
      if (sequence.load(std::memory_order_relaxed) > Bucket::moved)
        sequence.store(Bucket::moved, std::memory_order_release);
    }
  }
  charged_ = 0;
}

void BucketTable::clear(std::uint64_t unit) noexcept {
  const Level& current = *current_.load(std::memory_order_relaxed);
  const std::uint64_t width = current.count / units();
  for (std::uint64_t i = 0; i < width; ++i)
    current.buckets[unit * width + i].clear();
}

void BucketTable::bear(std::uint64_t unit) noexcept {
  const Level& current = *current_.load(std::memory_order_relaxed);
  const std::uint64_t width = current.count / units();
  for (std::uint64_t i = 0; i < width; ++i)
    current.buckets[unit * width + i].sequence.store(birth_sequence_, std::memory_order_release);
}

void BucketTable::retire(std::uint64_t unit) noexcept {
  const Level& previous = *previous_.load(std::memory_order_relaxed);
  const std::uint64_t width = previous.count / units();
  for (std::uint64_t i = 0; i < width; ++i)
    previous.buckets[unit * width + i].sequence.store(Bucket::moved, std::memory_order_release);
}

std::uint32_t BucketTable::take_overflow(Level& holder) noexcept {
  if (holder.overflow_free != 0) {
    const std::uint32_t link = holder.overflow_free;
    Bucket& bucket = *holder.overflow(link);
    holder.overflow_free = bucket.link();
    bucket.clear();
    return link;
  }
  if (holder.overflow_used >= std::min<std::uint64_t>(holder.overflow_capacity(), Bucket::link_mask))
    return 0;
  charge(1);
  const std::uint32_t link = ++holder.overflow_used;
  holder.overflow(link)->clear();
  return link;
}

bool BucketTable::place_in_chain(Bucket* home, std::uint8_t tag, std::uint32_t reference,
                                 unsigned use) noexcept {
  Bucket* bucket = home;
  while (!bucket->put(tag, reference, use)) {
    if (Bucket* const following = next(home, bucket)) {
      bucket = following;
      continue;
    }
    const std::uint32_t link = take_overflow(level_holding(home));
    if (link == 0) return false;
    bucket->set_link(link);
    bucket = next(home, bucket);
  }
  return true;
}

void BucketTable::erase_from_chain(const SlotPosition& position) noexcept {
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
