#include "memory/log/log_shard.hpp"

#include <algorithm>
#include <utility>

namespace cachesite::memory {

namespace {

constexpr std::uint64_t window_parts = 20;  // the window is one part in so many
constexpr unsigned longest_clock_walk = 256;
constexpr unsigned sweep_step_when_full = 64;

}  // namespace

std::uint64_t LogShard::window_share() const noexcept {
  return std::max<std::uint64_t>(1, entries() / window_parts);
}

bool LogShard::evict_one(Aftermath& after) noexcept {
  if (sweep(sweep_step_when_full, clock_.now(), after)) return true;
  if (window().entries() > window_share() || main().entries() == 0) return evict_from_window(after);
  bool dropped = false;
  const std::uint32_t victim = find_victim(after, dropped);
  if (victim != EntryLog::none) drop(victim, RemovalCause::evicted, after);
  return victim != EntryLog::none || dropped;
}

bool LogShard::evict_from_window(Aftermath& after) noexcept {
  const std::uint32_t candidate = window().tail();
  if (candidate == EntryLog::none) return false;
  const std::uint64_t hash = hash_of(candidate);
  SlotPosition position;
  if (!locate(hash, candidate, position)) {
    kill(candidate);
    return true;
  }
  const Word* entry = arena_.at(candidate);
  if (load_header(entry).is_expired(entry, clock_.now())) {
    drop_at(position, candidate, RemovalCause::expired, after);
    return true;
  }
  if (main().entries() != 0) {
    bool dropped = false;
    const std::uint32_t victim = find_victim(after, dropped);
    if (dropped) return true;
    const unsigned use = position.bucket->use(position.slot);
    for (unsigned i = 0; i < use; ++i)
      sketch_.add(hash);
    if (victim != EntryLog::none && sketch_.estimate(hash) > sketch_.estimate(hash_of(victim)) &&
        move(position, candidate, main(), 0)) {
      drop(victim, RemovalCause::evicted, after);
      return true;
    }
  }
  drop_at(position, candidate, RemovalCause::evicted, after);
  return true;
}

// Moves used entries from the tail of the main log to its head until it meets one that is not used. Entries
// that are over are dropped on the way, and end the walk.
std::uint32_t LogShard::find_victim(Aftermath& after, bool& dropped) noexcept {
  const Tick now = clock_.now();
  for (unsigned step = 0;; ++step) {
    const std::uint32_t reference = main().tail();
    if (reference == EntryLog::none) return EntryLog::none;
    const std::uint64_t hash = hash_of(reference);
    SlotPosition position;
    if (!locate(hash, reference, position)) {
      kill(reference);
      continue;
    }
    const Word* entry = arena_.at(reference);
    if (load_header(entry).is_expired(entry, now)) {
      drop_at(position, reference, RemovalCause::expired, after);
      dropped = true;
      return EntryLog::none;
    }
    const unsigned use = position.bucket->use(position.slot);
    if (use == 0 || step >= longest_clock_walk) return reference;
    for (unsigned i = 0; i < use; ++i)
      sketch_.add(hash);
    if (!move(position, reference, main(), use / 2)) return reference;
  }
}

bool LogShard::move(const SlotPosition& position, std::uint32_t reference, EntryLog& target,
                    unsigned use) noexcept {
  const Word* entry = arena_.at(reference);
  const std::size_t words = load_header(entry).words();
  const std::uint32_t moved = target.append(words, true);
  if (moved == EntryLog::none) return false;
  copy_words(arena_.at(moved), entry, words);
  {
    const ChainChange change(*position.home);
    position.bucket->set_reference(position.slot, moved);
    position.bucket->set_use(position.slot, use);
  }
  kill(reference);
  return true;
}

// While there is room for everything, what leaves the window enters the main log without a contest: whole
// segments where the window is large, single entries where it is small.
void LogShard::balance() noexcept {
  const std::uint64_t share = window_share();
  if (window().entries() <= share || is_full()) return;
  const std::uint32_t first = window().first_segment();
  const std::uint32_t reference = window().tail();
  // Only segments that are whole change over: what is dead in them would stay for long.
  if (first != window().last_segment() && arena_.segment(first).begin == 0) {
    const std::uint64_t live = arena_.segment(first).live;
    if (window().entries() - share >= live) {
      main().adopt_tail_of(window());
      if (cursor_.segment == first) {
        cursor_.segment = window().first_segment();
        cursor_.word = 0;
      }
      return;
    }
    if (live * 4 < share) return;
  }
  SlotPosition position;
  if (locate(hash_of(reference), reference, position)) {
    move(position, reference, main(), position.bucket->use(position.slot));
  }
}

bool LogShard::is_full() const noexcept {
  const Budget& budget = context_.budget;
  return budget.entries() >= budget.most_entries() ||
         budget.bytes() + budget.bytes() / 32 >= budget.most_bytes();
}

void LogShard::maintain(Aftermath& after) noexcept {
  sweep(sweep_step, clock_.now(), after);
  settle();
  for (unsigned i = 0; i < shrink_step && context_.budget.over() && evict_one(after); ++i)
    settle();
  for (EntryLog& log : logs_) {
    if (has_room_to_spare(log, 4)) compact(log, 4);
  }
  if (arena_.keeps_too_much()) arena_.trim(2);
  retired_.give_slice();
  if (table_.has_table() && keep_table(after)) {
    sketch_.fit(std::min(BucketTable::entries_per_bucket * table_.buckets(), context_.budget.most_entries()));
  }
  upkeep_pending_ = wants_upkeep();
}

// False when the table cannot grow for lack of bytes, and the sketch should not either.
bool LogShard::keep_table(Aftermath& after) noexcept {
  if (!table_.migrating() && table_.wants_to_grow(entries())) {
    const std::uint64_t growth = 2 * table_.buckets() * (sizeof(Bucket) + sizeof(Bucket) / 8);
    for (unsigned i = 0; i < 2 * shrink_step; ++i) {
      if (context_.budget.bytes() + growth <= context_.budget.most_bytes()) break;
      if (!evict_one(after)) break;
    }
    if (context_.budget.bytes() + growth > context_.budget.most_bytes()) return false;
  }
  table_.maintain(entries(), 2, hasher());
  return true;
}

bool LogShard::has_room_to_spare(const EntryLog& log, unsigned part) const noexcept {
  const std::uint64_t room = log.segments() * arena_.segment_words();
  return room > log.live_words() + log.live_words() / part + 3 * arena_.segment_words();
}

// Entries of up to a quarter of a segment may leave a quarter of it empty: what compacting aims at is not
// what it must reach.
bool LogShard::wants_upkeep() const noexcept {
  return !retired_.empty() || table_.wants_upkeep(entries()) || arena_.keeps_too_much() ||
         has_room_to_spare(window(), 2) || has_room_to_spare(main(), 2) ||
         sketch_.is_too_large_for(BucketTable::entries_per_bucket * table_.buckets());
}

bool LogShard::sweep_on(unsigned steps, Tick now, Aftermath& after) noexcept {
  bool found = false;
  for (unsigned step = 0; step < steps; ++step) {
    if (cursor_.segment == Arena::none) {
      const bool pass_is_over = cursor_.log == 1;
      cursor_.log ^= 1U;
      cursor_.word = 0;
      cursor_.segment = logs_[cursor_.log].first_segment();
      if (!pass_is_over) continue;
      soonest_ = std::exchange(cursor_.soonest, never);
      if (soonest_ > now) return found;
      continue;
    }
    const Arena::Segment& segment = arena_.segment(cursor_.segment);
    cursor_.word = std::max<std::uint32_t>(cursor_.word, segment.begin);
    if (cursor_.word >= segment.used) {
      cursor_.segment = segment.next;
      cursor_.word = 0;
      continue;
    }
    const std::uint32_t reference = arena_.reference(cursor_.segment, cursor_.word);
    const Word* entry = arena_.at(reference);
    const EntryHeader header = load_header(entry);
    cursor_.word += static_cast<std::uint32_t>(header.words());
    if (header.is_dead()) continue;
    if (header.is_expired(entry, now)) {
      drop(reference, RemovalCause::expired, after);
      found = true;
    } else {
      cursor_.soonest = std::min(cursor_.soonest, header.deadline(entry));
    }
  }
  return found;
}

void LogShard::compact(EntryLog& log, unsigned steps) noexcept {
  for (unsigned step = 0; step < steps; ++step) {
    const std::uint32_t reference = log.tail();
    SlotPosition position;
    if (reference == EntryLog::none || !locate(hash_of(reference), reference, position)) return;
    if (!move(position, reference, log, position.bucket->use(position.slot))) return;
  }
}

}  // namespace cachesite::memory
