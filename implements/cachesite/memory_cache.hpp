#pragma once

#include <cachesite/bytes.hpp>
#include <cachesite/cache_base.hpp>
#include <cachesite/component_context.hpp>
#include <cachesite/detail/implementation_pointer.hpp>
#include <cachesite/detail/removal_cause.hpp>
#include <cachesite/eviction_policy.hpp>
#include <cachesite/huge_pages.hpp>
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

/// Settings of a MemoryCache.
struct MemoryCacheOptions {
  /// Most entries held; none for no limit. The default keeps a forgotten cache harmless.
  std::optional<std::uint64_t> max_size = 10000;
  /// Most bytes held, keys, entry headers and the cache's own tables included; none for no limit. An entry
  /// larger than one shard's part of it is refused.
  std::optional<ByteSize> max_bytes;
  /// Which entry of a full cache goes.
  EvictionPolicy policy = EvictionPolicy::tinylfu;
  /// An entry that is not used for so long ends before its TTL; none to let the TTL alone decide. Costs a
  /// word for each entry, and makes reads take a lock.
  std::optional<std::chrono::milliseconds> time_to_idle;
  /// Each TTL is changed by up to this share of itself, up or down, depending on the key, so that entries
  /// stored together do not all end together (see `jittered`). Not used by `increment` and `expire`.
  double ttl_jitter = 0.0;
  /// Whether a large cache of the policy `tinylfu` lies in huge pages.
  HugePages huge_pages = HugePages::automatic;
  /// Read from files written for other systems and not used: expired entries are swept a few at a time by
  /// writes.
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
  detail::ImplementationPointer<Setup> setup_;
  detail::ImplementationPointer<Counters> counters_;
  std::atomic<bool> stopped_{false};
  const bool has_ttl_jitter_;
  const double ttl_jitter_;
};

}  // namespace cachesite
