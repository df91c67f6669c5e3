#pragma once

#include "memory/base/budget.hpp"
#include "memory/log/log_shard.hpp"
#include "memory/ordered/ordered_store.hpp"

#include <cachesite/lookup.hpp>
#include <cachesite/memory_cache.hpp>

#include <atomic>
#include <cstdint>
#include <optional>
#include <string_view>

namespace cachesite::memory {

// What the hit ratio would be with half and with twice the size: two caches of sampled keys alone, scaled
// down as the sample is, run beside the real one (Waldspurger et al., "Cache Modeling and Optimization using
// Miniature Simulations", USENIX ATC 2017). They live outside the byte budget and take some dozen kilobytes.
class SizeEstimate {
 public:
  struct Ratios {
    double half = 0;
    double twice = 0;
  };

  // The sample is one key in `rate_for(...)`; none where a sample would say nothing or cost too much.
  static std::optional<std::uint64_t> rate_for(std::optional<std::uint64_t> max_size,
                                               std::optional<std::uint64_t> max_bytes) noexcept;

  // `context` is that of the real cache.
  SizeEstimate(EvictionPolicy policy, const ShardContext& context, std::uint64_t rate);

  // For sampled keys only.
  void note_read(std::uint64_t hash, Found found) noexcept;
  void note_write(std::uint64_t hash, Tick expiry) noexcept;
  void note_removal(std::uint64_t hash) noexcept;
  void clear() noexcept;

  // None before there were enough reads. `hit_ratio` is that of the real cache over all keys.
  std::optional<Ratios> ratios(std::optional<double> hit_ratio) const noexcept;

 private:
  class Miniature {
   public:
    Miniature(EvictionPolicy policy, const ShardContext& context);

    void set_most_entries(std::uint64_t most) noexcept { budget_.set_most_entries(most); }
    bool holds(std::uint64_t number) noexcept;
    void put(std::uint64_t number, Tick expiry, Tick now) noexcept;
    void remove(std::uint64_t number) noexcept;
    void clear() noexcept;

   private:
    std::uint64_t hash_of(const std::uint64_t& number) const noexcept;

    Budget budget_;
    ShardContext context_;
    std::optional<LogShard> log_;
    std::optional<OrderedStore> ordered_;
  };

  void follow_limits() noexcept;

  static constexpr std::uint64_t least_reads = 100;

  const ShardContext& real_;
  const std::uint64_t rate_;
  Miniature half_;
  Miniature twice_;
  std::atomic<std::uint64_t> reads_{0};
  std::atomic<std::uint64_t> hits_{0};
  std::atomic<std::uint64_t> half_hits_{0};
  std::atomic<std::uint64_t> twice_hits_{0};
};

}  // namespace cachesite::memory
