#pragma once

#include <cachesite/bytes.hpp>
#include <cachesite/cache_base.hpp>
#include <cachesite/component_context.hpp>
#include <cachesite/detail/i_noted_store.hpp>
#include <cachesite/detail/i_stale_store.hpp>
#include <cachesite/detail/implementation_pointer.hpp>
#include <cachesite/detail/removal_cause.hpp>
#include <cachesite/parameter.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite {

/// Whether a MemoryCache asks the system for pages of 2 MiB, which make random reads of a large cache faster.
enum class HugePages : std::uint8_t {
  /// From 8 MiB on, if the system offers them (on Linux `madvise` or `always` in
  /// /sys/kernel/mm/transparent_hugepage/enabled). Until the cache is nearly full, it may use up to 6 MiB
  /// more than its entries need.
  automatic,
  never,
};

/// Which entry of a full MemoryCache is evicted.
enum class EvictionPolicy : std::uint8_t {
  /// W-TinyLFU: new entries are in a window of a twentieth of the cache, and move to the main area only if
  /// they were used more often lately than the entry that they displace (Einziger, Friedman, Manes, "TinyLFU:
  /// a highly efficient cache admission policy", ACM Transactions on Storage 13, 2017). The main area is a
  /// CLOCK. It has the best hit ratio, the least memory, and the fastest concurrent reads, which take no
  /// lock.
  tinylfu,
  /// Three first-in-first-out queues (Yang and others, "FIFO queues are all you need for cache eviction",
  /// SOSP 2023).
  s3fifo,
  /// Evicts the least recently used entry.
  lru,
  /// Evicts the oldest entry; writing an entry again does not renew it.
  fifo,
};

/// Settings of a MemoryCache, explained by `cachesite describe MemoryCache` and configs/reference.md.
struct MemoryCacheOptions {
  std::optional<std::uint64_t> max_size = 10000;
  std::optional<ByteSize> max_bytes;
  EvictionPolicy policy = EvictionPolicy::tinylfu;
  std::optional<std::chrono::milliseconds> time_to_idle;
  /// See `jittered`.
  double ttl_jitter = 0.0;
  HugePages huge_pages = HugePages::automatic;
  std::uint64_t cleanup_interval = 100;

  static ParameterTable parameters();
};

namespace memory {
class Engine;
enum class WriteOutcome : std::uint8_t;
enum class WriteCondition : std::uint8_t;
}  // namespace memory

/// A thread-safe cache in the memory of this process.
///
/// Small values are copied; a value above about 2 KiB is in its own block, which hits share without a copy.
/// With the policy `tinylfu`, the default, reads take no lock. There is no background thread: a read drops an
/// expired entry, and each write sweeps a few. Memory grows with the entries, so a large limit costs nothing
/// while the cache is empty. A change of the wall clock has no effect.
///
/// A forked child has its own copy, and may use it whatever the threads of the parent were doing; a part of
/// the cache that was being changed during the fork is empty in the child.
///
/// An entry is never returned later than 1 ms after its TTL. A write can fail with `no_memory` and
/// `too_large`; the cache stays usable after either. `add`, `replace` and `increment` read and write under
/// one lock. An iteration over the keys holds no lock between its steps, nor while the caller handles the
/// keys of a step.
class MemoryCache final : public CacheBase, public detail::IStaleStore, public detail::INotedStore {
 public:
  using Options = MemoryCacheOptions;
  /// Called with a removed key and the cause, without a lock, so it may call the cache. It must be
  /// thread-safe; its exceptions are ignored.
  using RemovalListener = std::function<void(std::string_view key, RemovalCause cause)>;

  /// The first call allocates memory for entries. Throws std::bad_alloc, and std::invalid_argument for a
  /// limit below the minimum of the parameter.
  explicit MemoryCache(MemoryCacheOptions options = {}, const ComponentContext& context = {},
                       RemovalListener listener = {});
  ~MemoryCache() override;

  void stop() noexcept override;
  [[nodiscard]] CacheStatistics statistics() const override;
  [[nodiscard]] std::shared_ptr<ILogger> logger() const noexcept override;

  /// Changes a limit. A cache above its new limit shrinks by a few entries with each write, or by `upkeep`. A
  /// limit below the minimum of the parameter becomes that minimum. `max_bytes` is at least the size of the
  /// index with a few entries, which grows with the initial limit of the cache.
  void set_max_size(std::uint64_t entries) noexcept;
  void set_max_bytes(ByteSize size) noexcept;
  /// Does the maintenance at once that writes do step by step: sweeps expired entries, shrinks to the limits,
  /// releases memory. `slices` limits the work: each is a few dozen entries of every shard.
  void upkeep(unsigned slices = 1) noexcept;

  /// For a RememberCache or TieredCache above: an entry stays so long after the end of its TTL, unless room is
  /// needed. Ordinary reads do not find it, and it counts as an entry. A longer time that was set before stays.
  bool keep_ended(std::chrono::milliseconds time) noexcept override;
  void forget_ended() noexcept override;

  /// For a TieredCache above, which notes beside each copy who vouches for it: 16 bytes an entry. A read of 65
  /// to 80 bytes may allocate where a write is under way or entries end when they are not used. `increment` is
  /// `unsupported`.
  void keep_notes() noexcept override;
  Found read_noted(std::string_view key, Value& destination, Note& note, std::int64_t& now) noexcept override;
  Result<Found> read_noted_stale(std::string_view key, Value& destination, StaleRead& stale,
                                 Note& note) override;
  Status write_noted(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live,
                     const Note& note) override;

  /// For tests: a description of the first inconsistency in the structures; empty when there is none. No
  /// other call may run at the same time.
  [[nodiscard]] std::string check_invariants() const;

 protected:
  [[nodiscard]] bool may_wait() const noexcept override { return false; }
  Result<Found> do_read(std::string_view key, Value& destination) override;
  Status do_write(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live) override;
  Result<bool> do_add(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live) override;
  Result<bool> do_replace(std::string_view key, std::optional<ByteView> value,
                          TimeToLive time_to_live) override;
  Result<std::int64_t> do_increment(std::string_view key, std::int64_t by, TimeToLive time_to_live) override;
  Result<bool> do_remove(std::string_view key) override;
  Result<bool> do_contains(std::string_view key) override;
  Result<Remaining> do_time_to_live(std::string_view key) override;
  Result<bool> do_expire(std::string_view key, TimeToLive time_to_live) override;
  Result<bool> do_persist(std::string_view key) override;
  Result<Found> do_read_stale(std::string_view key, Value& destination, StaleRead& stale) override;
  Result<std::uint64_t> do_remove_matching(std::string_view pattern) override;
  Result<Found> do_read_with_life(std::string_view key, Value& destination, EntryLife& life,
                                  const ReadLimits& limits) override;
  void do_read_many(std::span<const std::string_view> keys, std::span<Lookup> results) override;
  Status do_scan(std::string_view pattern, ScanPosition& position, std::vector<std::string>& keys) override;
  Status do_clear() override;
  Result<std::uint64_t> do_size() override;
  void on_refused() noexcept override;

 private:
  struct Counters;
  struct Setup;

  // What makes calls take another way than usual.
  static constexpr std::uint8_t is_stopped = 1;
  static constexpr std::uint8_t has_notes = 2;

  [[nodiscard]] bool is_usual() const noexcept { return ways_.load(std::memory_order_relaxed) == 0; }
  [[nodiscard]] bool stopped() const noexcept {
    return (ways_.load(std::memory_order_relaxed) & is_stopped) != 0;
  }
  [[nodiscard]] bool noted() const noexcept {
    return (ways_.load(std::memory_order_relaxed) & has_notes) != 0;
  }
  Result<Found> read_otherwise(std::string_view key, Value& destination);
  Result<bool> store_if(memory::WriteCondition condition, std::string_view key, std::optional<ByteView> value,
                        TimeToLive time_to_live);
  memory::WriteOutcome store_noted(memory::WriteCondition condition, std::string_view key,
                                   std::optional<ByteView> value, TimeToLive time_to_live, const Note& note);
  [[nodiscard]] memory::Engine* existing_engine() const noexcept {
    return engine_.load(std::memory_order_acquire);
  }
  memory::Engine& engine() {
    memory::Engine* const engine = existing_engine();
    return engine ? *engine : make_engine();
  }
  memory::Engine& make_engine();
  /// What `read` gives; a failure to get memory is counted.
  template <class Read>
  Result<Found> guarded(Read read);
  /// Whether an entry was stored, as far as `outcome` tells; failures are counted.
  Result<bool> outcome_of(memory::WriteOutcome outcome) noexcept;
  /// False when stopped or without memory for a value.
  bool read_together(std::span<const std::string_view> keys, std::span<Found> found, std::span<Value> values);
  [[nodiscard]] TimeToLive spread(std::string_view key, TimeToLive time_to_live) const noexcept;

  std::atomic<memory::Engine*> engine_{
      nullptr};  // made at the first use: a cache nobody uses costs next to nothing
  detail::ImplementationPointer<Setup> setup_;
  detail::ImplementationPointer<Counters> counters_;
  std::atomic<std::uint8_t> ways_{0};
  const bool has_ttl_jitter_;
  const double ttl_jitter_;
};

}  // namespace cachesite
