#include "memory/engine/engine.hpp"

#include "memory/base/counter_text.hpp"
#include "memory/log/log_shard_overwrite_fast.hpp"
#include "memory/log/log_shard_read_fast.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <new>
#include <utility>

namespace cachesite::memory {

namespace {

constexpr std::uint64_t least_entries_per_shard = 2000;
constexpr std::uint64_t least_bytes_per_shard = std::uint64_t{2} << 20U;
constexpr unsigned most_segment_word_bits = 10;  // 8 KiB
constexpr unsigned least_segment_word_bits = 5;
constexpr std::uint64_t segments_per_budget = 128;
constexpr std::uint64_t least_base = 32;
// With few bytes the index and the sketch begin as one part in so many of them: the rest is for entries.
constexpr std::uint64_t table_parts = 8;
constexpr std::uint64_t sketch_parts = 16;
constexpr unsigned sample_shift = 8;  // the bits below are the tag

struct TakeValue {
  Value& destination;

  [[gnu::always_inline]] bool operator()(const Word* words, std::size_t size, Tick /*now*/) const noexcept {
    std::byte* const target = destination.resize_inline_for_overwrite(size);
    if (target == nullptr) return false;
    copy_out(target, words, size);
    return true;
  }
};

struct TakeNoted {
  Value& destination;
  Note& note;
  std::int64_t& now;
  const TickClock& clock;

  [[gnu::always_inline]] bool operator()(const Word* words, std::size_t size, Tick tick) const noexcept {
    if (size < sizeof(Note)) return false;
    copy_out(note.data(), words, sizeof(Note));
    now = clock.nanoseconds_of(tick);
    return TakeValue{destination}(words + note.size(), size - sizeof(Note), tick);
  }
};

}  // namespace

unsigned Engine::shard_bits_for(const EngineOptions& options) noexcept {
  if (options.policy != EvictionPolicy::tinylfu) return 0;
  std::uint64_t most = std::clamp<std::uint64_t>(options.most_shards, 1, 1024);
  if (options.max_size) most = std::min(most, *options.max_size / least_entries_per_shard);
  if (options.max_bytes) most = std::min(most, *options.max_bytes / least_bytes_per_shard);
  return most == 0 ? 0 : static_cast<unsigned>(std::bit_width(most)) - 1;
}

ShardContext Engine::context_for(const EngineOptions& options, PageSource& pages, Budget& budget,
                                 const TickClock& clock, unsigned shard_bits) {
  ShardContext context{pages, budget, clock, options.seed ? *options.seed : HashSeed::random()};
  context.seed.first |= 1U;
  if (options.time_to_idle) {
    context.idle = static_cast<Tick>(options.time_to_idle->count()) * ticks_per_millisecond;
  }
  context.segment_word_bits = most_segment_word_bits;
  if (options.max_bytes) {
    const std::uint64_t words = (*options.max_bytes >> shard_bits) / 8 / segments_per_budget;
    const unsigned bits = words == 0 ? 0 : static_cast<unsigned>(std::bit_width(words)) - 1;
    context.segment_word_bits = std::clamp(bits, least_segment_word_bits, most_segment_word_bits);
  }
  context.table_base = static_cast<std::uint32_t>(least_base);
  if (options.max_size) {
    // The last doubling ends just above what a shard holds, four standard deviations of its share included.
    const double share =
        static_cast<double>(*options.max_size) / static_cast<double>(std::uint64_t{1} << shard_bits);
    const double entries = share + 4 * std::sqrt(share);
    const auto buckets =
        static_cast<std::uint64_t>(entries / static_cast<double>(BucketTable::entries_per_bucket)) + 1;
    std::uint64_t base = buckets;
    while (base >= 2 * least_base)
      base = (base + 1) / 2;
    context.table_base = static_cast<std::uint32_t>(base);
  }
  if (options.max_bytes) {
    const std::uint64_t bytes = *options.max_bytes >> shard_bits;
    const auto at_most = [bytes](std::uint64_t usual, std::uint64_t parts, std::size_t each) {
      return std::clamp<std::uint64_t>(bytes / parts / each, 1, usual);
    };
    context.table_base = static_cast<std::uint32_t>(at_most(context.table_base, table_parts, sizeof(Bucket)));
    context.least_sketch_blocks =
        at_most(context.least_sketch_blocks, sketch_parts, FrequencySketch::block_bytes);
  }
  return context;
}

Engine::Engine(EngineOptions options)
    : options_(std::move(options)),
      clock_(options_.clock, options_.clock_cycles),
      budget_(options_.max_size.value_or(Budget::unlimited), options_.max_bytes.value_or(Budget::unlimited)),
      huge_pages_(options_.huge_pages == HugePages::automatic && options_.policy == EvictionPolicy::tinylfu
                      ? std::make_unique<HugePageSource>(*options_.pages, budget_)
                      : nullptr),
      shard_bits_(shard_bits_for(options_)),
      shard_mask_((std::size_t{1} << shard_bits_) - 1),
      context_(
          context_for(options_, huge_pages_ ? *huge_pages_ : *options_.pages, budget_, clock_, shard_bits_)) {
  if (options_.policy != EvictionPolicy::tinylfu)
    ordered_ = std::make_unique<OrderedStore>(options_.policy, context_);
  // Beside an ordered store there is one shard, always empty, which sends every read on to it.
  const std::size_t count = std::size_t{1} << shard_bits_;
  shards_ =
      static_cast<LogShard*>(::operator new(count * sizeof(LogShard), std::align_val_t(alignof(LogShard))));
  for (; shard_count_ < count; ++shard_count_)
    new (shards_ + shard_count_) LogShard(context_);
  const auto rate = SizeEstimate::rate_for(options_.max_size, options_.max_bytes);
  if (rate && options_.count_reads) {
    try {
      estimate_ = std::make_unique<SizeEstimate>(options_.policy, context_, *rate);
      sample_mask_ = (*rate - 1) << sample_shift;
    } catch (const std::bad_alloc&) {
    }
  }
  // With a listener or an idle time somebody cares for a replaced entry.
  if (!ordered_ && context_.idle == 0 && !options_.listener)
    fast_below_ = LogShard::longest_fast(context_.segment_word_bits) + 1;
}

Engine::~Engine() {
  if (shards_ == nullptr) return;
  for (std::size_t i = 0; i < shard_count_; ++i)
    shards_[i].~LogShard();
  ::operator delete(shards_, std::align_val_t(alignof(LogShard)));
}

Found Engine::read(std::string_view key, Value& destination) {
  return read_hashed(key, hash_key(key, context_.seed), destination);
}

[[gnu::always_inline]] inline Found Engine::read_hashed(std::string_view key, std::uint64_t hash,
                                                        Value& destination) {
  if (is_sampled(hash)) [[unlikely]]
    return read_sampled(key, destination);
  Found found;
  if (!shard(hash).read_fast(hash, key, found, TakeValue{destination})) return read_slowly(key, destination);
  count_read(found);
  return found;
}

// Apart, so that the short way carries nothing of the long one.
[[gnu::noinline]] Found Engine::read_slowly(std::string_view key, Value& destination) {
  // Once: on a slow machine the answer of the clock may be too old again before it is used.
  Found found;
  const std::uint64_t hash = hash_key(key, context_.seed);
  if (!clock_.renew() || !shard(hash).read_fast(hash, key, found, TakeValue{destination}))
    return read_thoroughly(key, destination);
  count_read(found);
  return found;
}

Found Engine::read_noted(std::string_view key, Value& destination, Note& note, std::int64_t& now) {
  const std::uint64_t hash = hash_key(key, context_.seed);
  Found found;
  if (is_sampled(hash) || !shard(hash).read_fast(hash, key, found, TakeNoted{destination, note, now, clock_}))
      [[unlikely]]
    return read_noted_slowly(key, destination, note, now);
  count_read(found);
  return found == Found::hit ? kind_noted(note) : found;
}

[[gnu::noinline]] Found Engine::read_noted_slowly(std::string_view key, Value& destination, Note& note,
                                                  std::int64_t& now) {
  const std::uint64_t hash = hash_key(key, context_.seed);
  const Found found = is_sampled(hash) ? read_sampled(key, destination) : read_slowly(key, destination);
  now = clock_.nanoseconds();
  return found == Found::hit ? take_note(destination, note) : found;
}

Found Engine::read_thoroughly(std::string_view key, Value& destination) {
  DeferredWork deferred(listener());
  const std::uint64_t hash = hash_key(key, context_.seed);
  const Found found = ordered_ ? ordered_->read(key, destination, deferred)
                               : shard(hash).read(hash, key, destination, deferred);
  deferred.tell();
  count_read(found);
  return found;
}

[[gnu::noinline]] Found Engine::read_sampled(std::string_view key, Value& destination) {
  const Found found = read_thoroughly(key, destination);
  if (estimate_) estimate_->note_read(hash_key(key, context_.seed), found);
  return found;
}

Found Engine::read_ended(std::string_view key, Value& destination, std::chrono::milliseconds& age) {
  const std::uint64_t hash = hash_key(key, context_.seed);
  Tick ended_for = 0;
  const Found found = ordered_ ? ordered_->read_ended(key, destination, ended_for)
                               : shard(hash).read_ended(hash, key, destination, ended_for);
  // Rounded up: what has ended is older than nothing.
  age = std::chrono::milliseconds((ended_for + ticks_per_millisecond - 1) / ticks_per_millisecond);
  return found;
}

Found Engine::read_with_life(std::string_view key, Value& destination, Remaining& left) {
  const std::uint64_t hash = hash_key(key, context_.seed);
  const Found found = ordered_ ? ordered_->read_with_life(key, destination, left)
                               : shard(hash).read_with_life(hash, key, destination, left);
  count_read(found);
  return found;
}

void Engine::read_many(std::span<const std::string_view> keys, std::span<Found> found,
                       std::span<Value> values) {
  constexpr std::size_t batch = 32;
  std::size_t next = 0;
  for (std::uint64_t hashes[batch]; !ordered_ && next < keys.size();) {
    const std::size_t count = std::min(keys.size() - next, batch);
    for (std::size_t i = 0; i < count; ++i) {
      hashes[i] = hash_key(keys[next + i], context_.seed);
      shard(hashes[i]).prefetch_bucket(hashes[i]);
    }
    for (std::size_t i = 0; i < count; ++i)
      shard(hashes[i]).prefetch_entry(hashes[i]);
    for (std::size_t i = 0; i < count; ++i, ++next)
      found[next] = read_hashed(keys[next], hashes[i], values[next]);
  }
  for (; next < keys.size(); ++next)
    found[next] = read(keys[next], values[next]);
}

WriteOutcome Engine::write(std::string_view key, const std::optional<ByteView>& value,
                           std::uint64_t time_to_live) {
  const std::uint64_t hash = hash_key(key, context_.seed);
  // Before the clock: to read its counter a virtual machine waits for all that it loads, and loads nothing
  // meanwhile.
  shard(hash).prefetch_for_write(hash);
  const TickClock::Moment moment = clock_.moment();
  const Tick expiry = end_after(time_to_live, moment);
  const std::size_t value_size = value ? value->size() : 0;
  if (key.size() + value_size < fast_below_ && !is_sampled(hash)) {
    const EntryHeader header = EntryHeader::make(key.size(), value_size, !value, false, expiry);
    if (header.is_plain()) {
      const auto done = shard(hash).overwrite_fast(hash, key, value, header, expiry, moment.now);
      const bool has_sweep = done == LogShard::FastWrite::stored_with_sweep;
      if (has_sweep) sweep_elsewhere(moment.now);
      if (has_sweep || done == LogShard::FastWrite::stored) return WriteOutcome::stored;
      if (done == LogShard::FastWrite::absent)
        return store_absent({hash, key, value, nullptr, header, expiry}, moment.now);
    }
  }
  return write_slowly(key, hash, value, expiry, moment.now);
}

[[gnu::noinline]] WriteOutcome Engine::store_absent(const LogShard::NewEntry& fresh, Tick now) {
  DeferredWork deferred(nullptr);
  const WriteOutcome outcome = shard(fresh.hash).store_absent(fresh, now, deferred);
  if (outcome == WriteOutcome::no_room_here)
    return write_slowly(fresh.key, fresh.hash, fresh.value, fresh.expiry, now);
  if (deferred.has_sweep()) sweep_next(now, deferred);
  return outcome;
}

void Engine::sweep_elsewhere(Tick now) {
  DeferredWork deferred(listener());
  sweep_next(now, deferred);
  deferred.tell();
}

// A shard that nobody writes to is swept by the writes to others.
void Engine::sweep_next(Tick now, DeferredWork& deferred) noexcept {
  shards_[next_swept_.fetch_add(1, std::memory_order_relaxed) & (shard_count_ - 1)].sweep_by(now, deferred);
}

WriteOutcome Engine::write_slowly(std::string_view key, std::uint64_t hash,
                                  const std::optional<ByteView>& value, Tick expiry, Tick now) {
  DeferredWork deferred(listener());
  const WriteOutcome outcome = ordered_
                                   ? ordered_->write(WriteCondition::always, key, value, expiry, deferred)
                                   : write_to_shard(key, hash, value, expiry, now, deferred);
  if (is_sampled(hash) && estimate_ && outcome == WriteOutcome::stored) estimate_->note_write(hash, expiry);
  deferred.tell();
  return outcome;
}

WriteOutcome Engine::write_to_shard(std::string_view key, std::uint64_t hash,
                                    const std::optional<ByteView>& value, Tick expiry, Tick now,
                                    DeferredWork& deferred) {
  LogShard& target = shard(hash);
  std::unique_ptr<ExternalEntry> external;
  if (target.needs_external(key, value)) {
    const WriteOutcome made = make_external(key, value, external);
    if (made != WriteOutcome::stored) return made;
  }
  return with_room(target, deferred,
                   [&] { return target.write(hash, key, value, expiry, now, external, deferred); });
}

WriteOutcome Engine::make_external(std::string_view key, const std::optional<ByteView>& value,
                                   std::unique_ptr<ExternalEntry>& external) const {
  if (key.size() + (value ? value->size() : 0) + ExternalEntry::overhead > budget_.most_bytes() >>
      shard_bits_) {
    return WriteOutcome::too_large;
  }
  try {
    external = ExternalEntry::make(key, value);
  } catch (const std::bad_alloc&) {
    return WriteOutcome::no_memory;
  }
  return WriteOutcome::stored;
}

template <class Attempt>
[[gnu::always_inline]] inline WriteOutcome Engine::with_room(LogShard& target, DeferredWork& deferred,
                                                             Attempt attempt) {
  WriteOutcome outcome;
  while ((outcome = attempt()) == WriteOutcome::no_room_here) {
    if (!find_room_elsewhere(target, deferred)) return WriteOutcome::no_memory;
  }
  if (deferred.has_sweep()) sweep_next(clock_.now(), deferred);
  return outcome;
}

WriteOutcome Engine::write_if(WriteCondition condition, std::string_view key,
                              const std::optional<ByteView>& value, std::uint64_t time_to_live) {
  if (condition == WriteCondition::always) return write(key, value, time_to_live);
  const Tick expiry = end_after(time_to_live, clock_.moment());
  const std::uint64_t hash = hash_key(key, context_.seed);
  DeferredWork deferred(listener());
  WriteOutcome outcome;
  if (ordered_) {
    outcome = ordered_->write(condition, key, value, expiry, deferred);
  } else {
    LogShard& target = shard(hash);
    std::unique_ptr<ExternalEntry> external;
    if (target.needs_external(key, value)) {
      // A look first: a long value is not copied for nothing.
      const bool present = target.remaining(hash, key).state != Remaining::State::absent;
      if (present != (condition == WriteCondition::present)) return WriteOutcome::unchanged;
      const WriteOutcome made = make_external(key, value, external);
      if (made != WriteOutcome::stored) return made;
    }
    outcome = with_room(target, deferred, [&] {
      return target.write_if(condition, hash, key, value, expiry, external, deferred);
    });
  }
  if (is_sampled(hash) && estimate_ && outcome == WriteOutcome::stored) estimate_->note_write(hash, expiry);
  deferred.tell();
  return outcome;
}

WriteOutcome Engine::increment(std::string_view key, std::int64_t by, std::uint64_t time_to_live,
                               std::int64_t& sum) {
  const Tick expiry = end_after(time_to_live, clock_.moment());
  const std::uint64_t hash = hash_key(key, context_.seed);
  DeferredWork deferred(listener());
  WriteOutcome outcome;
  if (ordered_) {
    outcome = ordered_->increment(key, by, expiry, sum, deferred);
  } else {
    LogShard& target = shard(hash);
    std::unique_ptr<ExternalEntry> external;
    constexpr std::string_view longest("-9223372036854775808");
    static_assert(longest.size() == CounterText::longest);
    if (target.needs_external(key, ByteView(longest))) {
      const WriteOutcome made = make_external(key, ByteView(longest), external);
      if (made != WriteOutcome::stored) return made;
    }
    outcome = with_room(target, deferred,
                        [&] { return target.increment(hash, key, by, expiry, external, sum, deferred); });
  }
  if (is_sampled(hash) && estimate_ && outcome == WriteOutcome::stored) estimate_->note_write(hash, expiry);
  deferred.tell();
  return outcome;
}

bool Engine::find_room_elsewhere(const LogShard& except, DeferredWork& deferred) {
  constexpr unsigned entries_at_once = 32;
  const auto own = static_cast<std::size_t>(&except - shards_);
  for (std::size_t i = 1; i < shard_count_; ++i) {
    if (shards_[(own + i) & (shard_count_ - 1)].give_up(entries_at_once, deferred)) return true;
  }
  return false;
}

bool Engine::remove(std::string_view key) {
  DeferredWork deferred(listener());
  const std::uint64_t hash = hash_key(key, context_.seed);
  const bool removed = ordered_ ? ordered_->remove(key, deferred) : shard(hash).remove(hash, key, deferred);
  if (is_sampled(hash) && estimate_) estimate_->note_removal(hash);
  deferred.tell();
  return removed;
}

bool Engine::contains(std::string_view key) {
  return remaining(key).state != Remaining::State::absent;
}

Remaining Engine::remaining(std::string_view key) {
  const std::uint64_t hash = hash_key(key, context_.seed);
  return ordered_ ? ordered_->remaining(key) : shard(hash).remaining(hash, key);
}

bool Engine::expire(std::string_view key, std::uint64_t time_to_live) {
  return change_end(key, time_to_live, false);
}

bool Engine::persist(std::string_view key) {
  return change_end(key, endless, true);
}

bool Engine::change_end(std::string_view key, std::uint64_t time_to_live, bool only_if_it_ends) {
  DeferredWork deferred(listener());
  const Tick expiry = end_after(time_to_live, clock_.moment());
  const std::uint64_t hash = hash_key(key, context_.seed);
  const WriteOutcome outcome = ordered_ ? ordered_->expire(key, expiry, only_if_it_ends, deferred)
                                        : shard(hash).expire(hash, key, expiry, only_if_it_ends, deferred);
  deferred.tell();
  if (outcome == WriteOutcome::no_memory) throw std::bad_alloc();
  return outcome == WriteOutcome::stored;
}

}  // namespace cachesite::memory
