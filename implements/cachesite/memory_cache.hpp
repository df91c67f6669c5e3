#pragma once

#include <cachesite/bytes.hpp>
#include <cachesite/cache_base.hpp>
#include <cachesite/component_context.hpp>
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

/// Whether a MemoryCache asks the system for pages of 2 MiB, with which reads at random keys of a large cache
/// need fewer steps to find an address.
enum class HugePages : std::uint8_t {
  /// From 8 MiB on, where the system gives them (on Linux `madvise` or `always` in
  /// /sys/kernel/mm/transparent_hugepage/enabled). Until the cache is nearly full up to 6 MiB more than it
  /// holds may be in memory.
  automatic,
  never,
};

/// Which entry of a full MemoryCache goes.
enum class EvictionPolicy : std::uint8_t {
  /// W-TinyLFU: new entries pass through a window of a twentieth, and leave it for the main area only when
  /// they were
  /// seen more often of late than the entry they would displace (Einziger, Friedman, Manes, "TinyLFU: a
  /// highly
  /// efficient cache admission policy", ACM Transactions on Storage 13, 2017). The main area is a CLOCK. The
  /// best hit
  /// ratio, the least memory, and the fastest under threads: reads take no lock.
  tinylfu,
  /// Three first-in-first-out queues (Yang and others, "FIFO queues are all you need for cache eviction",
  /// SOSP 2023).
  s3fifo,
  /// The entry that was not read or written for the longest time goes.
  lru,
  /// The entry that was first inserted the longest time ago goes; writing it again does not save it.
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
}  // namespace memory

/// A cache in the memory of this process, for any number of threads.
///
/// Small entries are copied in and out; a value above about 2 KiB is kept in a block of its own that hits
/// share without a copy. With the policy `tinylfu`, the default, reads take no lock. There is no thread in
/// the background: expired entries are dropped when a read meets them, and swept a few at a time by writes.
/// Memory follows the entries, so a large limit costs nothing as long as the cache is empty. Changing the
/// wall clock changes nothing.
///
/// A forked process has a copy of its own: it may go on using the cache whatever other threads of its parent
/// were doing; a part of the cache that one of them was just changing starts there empty.
///
/// An entry is never returned later than 1 ms after its TTL. A write can fail with `no_memory` and
/// `too_large`; the cache stays usable after either. `add`, `replace` and `increment` look and write in one
/// step under one lock. A walk over the keys holds no lock between its steps, and none while the caller works
/// with the keys of a step.
class MemoryCache final : public CacheBase {
 public:
  using Options = MemoryCacheOptions;
  /// Told which key went and why; called without any lock held, so it may call the cache. It must be safe
  /// from any thread; what it throws is dropped.
  using RemovalListener = std::function<void(std::string_view key, RemovalCause cause)>;

  /// Takes no memory for entries yet; that begins with the first call. Throws std::bad_alloc, and
  /// std::invalid_argument for a limit below the least that a component file may give.
  explicit MemoryCache(MemoryCacheOptions options = {}, const ComponentContext& context = {},
                       RemovalListener listener = {});
  ~MemoryCache() override;

  void stop() noexcept override;
  [[nodiscard]] CacheStatistics statistics() const override;
  [[nodiscard]] std::shared_ptr<ILogger> logger() const noexcept override;

  /// Changes a limit. A cache above its new limit shrinks by a few entries with each write, or by `upkeep`.
  /// A limit below the least that a component file may give is taken as that one. `max_bytes` is never less
  /// than the index of this cache takes with a few entries: the larger the cache was made, the more that is.
  void set_max_size(std::uint64_t entries) noexcept;
  void set_max_bytes(ByteSize size) noexcept;
  /// Does at once what writes do little by little: sweeps expired entries, shrinks to the limits, gives
  /// memory back. `slices` bounds the work: each is a few dozen entries of every shard.
  void upkeep(unsigned slices = 1) noexcept;

  /// For tests: the first inconsistency in the structures, in words; empty when there is none. No other call
  /// may run.
  [[nodiscard]] std::string check_invariants() const;

 protected:
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
  void do_read_many(std::span<const std::string_view> keys, std::span<Lookup> results) override;
  Status do_scan(std::string_view pattern, ScanPosition& position, std::vector<std::string>& keys) override;
  Status do_clear() override;
  Result<std::uint64_t> do_size() override;
  void on_refused() noexcept override;

 private:
  struct Counters;
  struct Setup;

  [[nodiscard]] bool stopped() const noexcept { return stopped_.load(std::memory_order_relaxed); }
  [[nodiscard]] memory::Engine* existing_engine() const noexcept {
    return engine_.load(std::memory_order_acquire);
  }
  memory::Engine& engine() {
    memory::Engine* const engine = existing_engine();
    return engine ? *engine : make_engine();
  }
  memory::Engine& make_engine();
  /// Whether an entry was stored, as far as `outcome` tells; failures are counted.
  Result<bool> outcome_of(memory::WriteOutcome outcome) noexcept;
  /// False when stopped or without memory for a value.
  bool read_together(std::span<const std::string_view> keys, std::span<Found> found, std::span<Value> values);
  [[nodiscard]] TimeToLive spread(std::string_view key, TimeToLive time_to_live) const noexcept;

  std::atomic<memory::Engine*> engine_{
      nullptr};  // made at the first use: a cache nobody uses costs next to nothing
  std::unique_ptr<Setup> setup_;
  std::unique_ptr<Counters> counters_;
  std::atomic<bool> stopped_{false};
  const bool has_ttl_jitter_;
  const double ttl_jitter_;
};

}  // namespace cachesite
