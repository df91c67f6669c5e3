#pragma once

#include "memory/base/deferred_work.hpp"
#include "memory/base/engine_statistics.hpp"
#include "memory/base/huge_page_source.hpp"
#include "memory/base/read_counters.hpp"
#include "memory/engine/engine_options.hpp"
#include "memory/engine/noted_value.hpp"
#include "memory/engine/size_estimate.hpp"
#include "memory/log/log_shard.hpp"
#include "memory/ordered/ordered_store.hpp"

#include <cachesite/bytes.hpp>
#include <cachesite/lookup.hpp>
#include <cachesite/value.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace cachesite::memory {

// The cache itself, usable without a site. Safe from any thread. A TTL is in milliseconds; `endless` has no
// end. A forked process has a copy of its own; a part that another thread was just changing starts there
// empty.
class Engine {
 public:
  static constexpr std::uint64_t endless = ~std::uint64_t{0};

  // Throws std::bad_alloc.
  explicit Engine(EngineOptions options);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  ~Engine();

  // Throws std::bad_alloc when the destination cannot have the memory.
  Found read(std::string_view key, Value& destination);
  // As `read`, but also finds an entry that has ended and is kept; `age` is how long ago it ended, or 0.
  Found read_ended(std::string_view key, Value& destination, std::chrono::milliseconds& age);
  // As `read`, with the life of what is found.
  Found read_with_life(std::string_view key, Value& destination, Remaining& left);
  // As `read`, where every value was stored as a NotedValue. `now` is the time of the read, in nanoseconds on the clock
  // of the engine, for what was found.
  Found read_noted(std::string_view key, Value& destination, Note& note, std::int64_t& now);
  // Entries stay for so long after their end, unless room is needed.
  void keep_ended(std::chrono::milliseconds time) noexcept;
  // Those that have ended by now do not.
  void forget_ended() noexcept;
  // Reads many: their cache misses overlap. `found` and `values` are as long as `keys`.
  void read_many(std::span<const std::string_view> keys, std::span<Found> found, std::span<Value> values);
  WriteOutcome write(std::string_view key, const std::optional<ByteView>& value, std::uint64_t time_to_live);
  // In one step; `unchanged` when the condition does not hold. `always` is what `write` does.
  WriteOutcome write_if(WriteCondition condition, std::string_view key, const std::optional<ByteView>& value,
                        std::uint64_t time_to_live);
  // Adds to a counter, whose end stays, or makes one; `sum` is set when stored.
  WriteOutcome increment(std::string_view key, std::int64_t by, std::uint64_t time_to_live,
                         std::int64_t& sum);
  bool remove(std::string_view key);
  bool contains(std::string_view key);
  Remaining remaining(std::string_view key);
  // Both throw std::bad_alloc and then change nothing.
  bool expire(std::string_view key, std::uint64_t time_to_live);
  bool persist(std::string_view key);
  void clear();

  // Neither blocks: what is above a new limit goes in slices, with the writes that follow and by `upkeep`.
  void set_max_size(std::uint64_t entries) noexcept;
  // A limit that is less than the structures of this engine take with a few entries is raised to that.
  void set_max_bytes(std::uint64_t bytes) noexcept;
  // Sweeps, shrinks and compacts; `slices` bounds the work, a few dozen entries each in every shard.
  void upkeep(unsigned slices);
  // Where a walk over all keys is. It meets every key that is there from its beginning to its end.
  struct ScanCursor {
    std::uint64_t shard = 0;
    std::uint64_t place = 0;
    bool finished = false;
  };
  // Calls `visit` with a copy of each key of a small batch, which may have none; no lock is held meanwhile.
  // Throws std::bad_alloc, with `at` as it was.
  void scan(ScanCursor& at, const std::function<void(std::string_view)>& visit);
  std::uint64_t size() const noexcept { return budget_.entries(); }

  EngineStatistics statistics() const;
  std::size_t shards() const noexcept { return shard_count_; }
  // Empty, or the first broken invariant in words. No other call may run.
  std::string check() const;

 private:
  LogShard& shard(std::uint64_t hash) const noexcept { return shards_[hash >> 48U & shard_mask_]; }
  const RemovalListener* listener() const noexcept {
    return options_.listener ? &options_.listener : nullptr;
  }
  Found read_hashed(std::string_view key, std::uint64_t hash, Value& destination);
  Found read_sampled(std::string_view key, Value& destination);
  Found read_thoroughly(std::string_view key, Value& destination);
  Found read_slowly(std::string_view key, Value& destination);
  Found read_noted_slowly(std::string_view key, Value& destination, Note& note, std::int64_t& now);
  void count_read(Found found) noexcept {
    if (!options_.count_reads) return;
    ReadCounters::Stripe& stripe = reads_.mine();
    (found == Found::miss ? stripe.misses : stripe.hits).fetch_add(1, std::memory_order_relaxed);
  }
  WriteOutcome store_absent(const LogShard::NewEntry& fresh, Tick now);
  WriteOutcome write_slowly(std::string_view key, std::uint64_t hash, const std::optional<ByteView>& value,
                            Tick expiry, Tick now);
  WriteOutcome write_to_shard(std::string_view key, std::uint64_t hash, const std::optional<ByteView>& value,
                              Tick expiry, Tick now, DeferredWork& deferred);
  template <class Attempt>
  WriteOutcome with_room(LogShard& target, DeferredWork& deferred, Attempt attempt);
  WriteOutcome make_external(std::string_view key, const std::optional<ByteView>& value,
                             std::unique_ptr<ExternalEntry>& external) const;
  bool change_end(std::string_view key, std::uint64_t time_to_live, bool only_if_it_ends);
  bool is_sampled(std::uint64_t hash) const noexcept { return (hash & sample_mask_) == 0; }
  void sweep_elsewhere(Tick now);
  void sweep_next(Tick now, DeferredWork& deferred) noexcept;
  bool find_room_elsewhere(const LogShard& except, DeferredWork& deferred);
  static Tick end_after(std::uint64_t time_to_live, const TickClock::Moment& moment) noexcept {
    return time_to_live == endless ? never : moment.after(time_to_live);
  }
  std::uint64_t least_bytes() const noexcept;
  static unsigned shard_bits_for(const EngineOptions& options) noexcept;
  static ShardContext context_for(const EngineOptions& options, PageSource& pages, Budget& budget,
                                  const TickClock& clock, unsigned shard_bits);

  EngineOptions options_;
  TickClock clock_;
  Budget budget_;
  std::unique_ptr<HugePageSource> huge_pages_;  // none where nobody wants any
  unsigned shard_bits_;
  std::size_t shard_mask_;
  ShardContext context_;
  std::uint64_t sample_mask_ = ~std::uint64_t{0};
  std::size_t shard_count_ = 0;
  LogShard* shards_ = nullptr;
  std::size_t fast_below_ = 0;  // an entry of fewer bytes may be written fast
  std::unique_ptr<OrderedStore> ordered_;
  std::unique_ptr<SizeEstimate> estimate_;  // none: the cache is too small for one
  alignas(64) std::atomic<std::size_t> next_swept_{0};
  ReadCounters reads_;
};

}  // namespace cachesite::memory
