#include "memory/log/log_shard_steps.hpp"

#include <algorithm>
#include <utility>

namespace cachesite::memory {

namespace {

constexpr std::uint64_t window_parts = 20;  // the window is one part in so many
constexpr unsigned longest_clock_walk = 256;
constexpr unsigned sweep_step_when_full = 64;
constexpr unsigned contests_per_estimate = 64;

}  // namespace

std::uint64_t LogShard::window_share() const noexcept {
  return std::max<std::uint64_t>(1, entries() / window_parts);
}

// For the eviction after this one, which fetches what it will look at as soon as it holds the lock: until then
// another processor may have it.
void LogShard::look_ahead_at(std::uint32_t reference, Oldest& oldest) noexcept {
  oldest.reference = reference;
  oldest.hash = hash_of(reference);
  oldest.position.home = nullptr;
  oldest.estimate = Oldest::unknown;
}

inline void LogShard::look_ahead(EntryLog& log, Oldest& oldest) noexcept {
  const std::uint32_t reference = log.tail();
  if (reference != EntryLog::none) look_ahead_at(reference, oldest);
}

// False where the log is empty.
[[gnu::always_inline]] inline bool LogShard::find_oldest(EntryLog& log, Oldest& oldest) noexcept {
  for (;;) {
    const std::uint32_t reference = log.tail(oldest.header);
    if (reference == EntryLog::none) return false;
    if (oldest.reference != reference) look_ahead_at(reference, oldest);
    if (table_.holds(oldest.position, oldest.hash, reference) ||
        locate(oldest.hash, reference, oldest.position)) {
      return true;
    }
    // Another entry was here before.
    oldest.hash = hash_of(reference);
    oldest.estimate = Oldest::unknown;
    if (locate(oldest.hash, reference, oldest.position)) return true;
    kill(reference, oldest.header);
  }
}

// Moves used entries from the tail of the main log to its head until it meets one that is not used. Entries
// that are over are dropped on the way, and end the walk.
inline LogShard::Search LogShard::find_victim(Oldest& victim, Tick now, DeferredWork& deferred) noexcept {
  for (unsigned step = 0;; ++step) {
    if (!find_oldest(main(), victim)) return Search::nothing;
    if (is_expired(victim, now)) {
      drop_oldest(victim, RemovalCause::expired, deferred);
      return Search::dropped;
    }
    const unsigned use = victim.position.bucket->use(victim.position.slot);
    if (use == 0 || step >= longest_clock_walk) return Search::found;
    sketch_.add(victim.hash, use);
    if (!move_oldest(victim, main(), use / 2)) return Search::found;
    look_ahead(main(), victim);
  }
}

// A new entry is counted here, with its uses: what was stored with room to spare has been counted before.
inline bool LogShard::wins(const Oldest& candidate, Oldest& victim) noexcept {
  const unsigned use = candidate.position.bucket->use(candidate.position.slot);
  const unsigned estimate = sketch_.add(candidate.hash, 1 + use);
  // Nobody has used the victim since it was estimated. Now and then it is estimated again, so that one whose
  // time has passed does not keep all others out.
  if (victim.estimate == Oldest::unknown || ++victim.contests == contests_per_estimate) {
    victim.estimate = static_cast<std::uint8_t>(sketch_.estimate(victim.hash));
    victim.contests = 0;
  }
  return estimate > victim.estimate;
}

bool LogShard::evict_from_main(Tick now, DeferredWork& deferred) noexcept {
  Oldest& victim = oldest_[1];
  const Search search = find_victim(victim, now, deferred);
  if (search != Search::found) return search == Search::dropped;
  drop_oldest(victim, RemovalCause::evicted, deferred);
  look_ahead(main(), victim);
  return true;
}

// The one of the two that the sketch has seen less often goes; where they are equal, the newer one.
inline bool LogShard::evict_from_window(Tick now, DeferredWork& deferred) noexcept {
  Oldest& candidate = oldest_[0];
  if (!find_oldest(window(), candidate)) return false;
  if (is_expired(candidate, now)) {
    drop_oldest(candidate, RemovalCause::expired, deferred);
    return true;
  }
  Oldest& victim = oldest_[1];
  const Search search = find_victim(victim, now, deferred);
  if (search == Search::dropped) return true;
  if (search == Search::found && wins(candidate, victim) && move_oldest(candidate, main(), 0)) {
    drop_oldest(victim, RemovalCause::evicted, deferred);
    look_ahead(main(), victim);
  } else {
    drop_oldest(candidate, RemovalCause::evicted, deferred);
  }
  look_ahead(window(), candidate);
  return true;
}

bool LogShard::evict_one(Tick now, DeferredWork& deferred) noexcept {
  if (sweep(sweep_step_when_full, now, deferred)) return true;
  const bool from_window = window().entries() > window_share() || main().entries() == 0;
  return from_window ? evict_from_window(now, deferred) : evict_from_main(now, deferred);
}

bool LogShard::move(const SlotPosition& position, std::uint32_t reference, EntryHeader header,
                    EntryLog& target, unsigned use) noexcept {
  const std::size_t words = header.words();
  const std::uint32_t moved = target.append(words, true);
  if (moved == EntryLog::none) return false;
  copy_words(arena_.at(moved), arena_.at(reference), words);
  {
    const ChainChange change(*position.home);
    position.bucket->set_reference(position.slot, moved);
    position.bucket->set_use(position.slot, use);
  }
  kill(reference, header);
  return true;
}

// While there is room for everything, what leaves the window enters the main log without a contest: whole
// segments where the window is large, single entries where it is small.
void LogShard::balance() noexcept {
  if (is_full()) return;
  const std::uint64_t share = window_share();
  if (window().entries() <= share) return;
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
    move(position, reference, load_header(arena_.at(reference)), main(), position.bucket->use(position.slot));
  }
}

void LogShard::maintain(Tick now, DeferredWork& deferred) noexcept {
  sweep(sweep_step, now, deferred);
  settle();
  for (unsigned i = 0; i < shrink_step && context_.budget.over() && evict_one(now, deferred); ++i)
    settle();
  has_spare_room_ = false;
  for (EntryLog& log : logs_) {
    if (!has_room_to_spare(log, 4)) continue;
    compact(log, 4);
    has_spare_room_ = true;
  }
  if (arena_.keeps_too_much()) arena_.trim(2);
  if (context_.budget.nearly_full()) arena_.settle();
  retired_.give_slice();
  if (table_.has_table() && keep_table(now, deferred)) {
    sketch_.fit(std::min(BucketTable::entries_per_bucket * table_.buckets(), context_.budget.most_entries()));
  }
  upkeep_pending_ = wants_upkeep();
}

// False when the table cannot grow for lack of bytes, and the sketch should not either.
bool LogShard::keep_table(Tick now, DeferredWork& deferred) noexcept {
  if (!table_.migrating() && table_.wants_to_grow(entries())) {
    const std::uint64_t growth = 2 * table_.buckets() * (sizeof(Bucket) + sizeof(Bucket) / 8);
    for (unsigned i = 0; i < 2 * shrink_step; ++i) {
      if (context_.budget.bytes() + growth <= context_.budget.most_bytes()) break;
      if (!evict_one(now, deferred)) break;
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

bool LogShard::sweep_on(unsigned steps, Tick now, DeferredWork& deferred) noexcept {
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
      drop(reference, RemovalCause::expired, deferred);
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
    const EntryHeader header = load_header(arena_.at(reference));
    if (!move(position, reference, header, log, position.bucket->use(position.slot))) return;
  }
}

}  // namespace cachesite::memory
