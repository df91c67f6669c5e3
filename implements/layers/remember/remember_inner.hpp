#pragma once

#include "basics/crew.hpp"
#include "basics/per_process.hpp"
#include "basics/rising_counter.hpp"
#include "layers/remember/change_counts.hpp"
#include "layers/remember/computation_rules.hpp"
#include "layers/remember/computing_counters.hpp"
#include "layers/remember/failure_memory.hpp"
#include "layers/remember/flight_table.hpp"
#include "layers/remember/foreign_changes.hpp"
#include "layers/remember/keys_at_work.hpp"
#include "layers/remember/refresh_points.hpp"
#include "layers/remember/stored_entries.hpp"

#include <cachesite/component_context.hpp>
#include <cachesite/i_tagged_cache.hpp>
#include <cachesite/i_tiered_cache.hpp>
#include <cachesite/remember_cache.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>

namespace cachesite {

/// What the calls of one RememberCache share.
class RememberCache::Inner {
 public:
  Inner(RememberCache& cache, Options given, const ComponentContext& context)
      : options(std::move(given)),
        rules(options),
        tagged(find_interface<ITaggedCache>(*options.over.component())),
        tiers(tiers_below(*options.over.component())),
        clock(context.clock),
        logger(context.logger),
        entries(cache, options.form),
        copies_below(tiers_on_the_way(*options.over.component())),
        reads_plainly(!entries.enveloped() && options.far_soft.count() == 0),
        foreign(*options.over.component(), table, changes) {
    if (options.refresh.mode != RefreshMode::off)
      points = std::make_unique<remembering::RefreshPoints>(options.refresh, clock->now());
    if (options.loader.component()) set_loading();
  }

  void set_loading();
  /// Many values by the loader; refers to the arguments.
  [[nodiscard]] ManyComputation loading_of(std::span<const std::string_view> keys,
                                           std::span<const TimeToLive> times_to_live) const;

  /// What is being computed, or waits for it, and is told of a change of its key or its tags. Returns when nothing of it
  /// is being stored any more.
  void outdate(std::string_view key);
  using Matches = std::function<bool(std::string_view key, std::span<const std::string> tags)>;
  void outdate_matching(const Matches& matches);
  /// The same without the wait; gives what is being stored just now.
  [[nodiscard]] remembering::FlightTable::FlightList begin_outdating(std::string_view key);
  [[nodiscard]] remembering::FlightTable::FlightList begin_outdating_matching(const Matches& matches);

  [[nodiscard]] remembering::FlightTable::Limits flight_limits() const noexcept {
    return {options.factory_hard, options.most_abandoned, options.most_waiting};
  }

  /// Whose copies of a key may be older than its entry; null when there is none, or its keys are others.
  [[nodiscard]] static ITieredCache* tiers_below(ICache& cache);
  [[nodiscard]] static bool tiers_on_the_way(ICache& cache);
  void note_further(bool hit) noexcept { (hit ? further_hits : further_misses).fetch_add(1); }
  void note_cost(std::chrono::nanoseconds took) noexcept {
    const auto before = cost.load(std::memory_order_relaxed);
    const auto now = static_cast<std::int64_t>(took.count());
    cost.store(before == 0 ? now : before + (now - before) / 8, std::memory_order_relaxed);
  }

  void tell_of_soft_limit() noexcept {
    if (told_of_soft_limit.exchange(true, std::memory_order_relaxed)) return;
    logger->log(
        LogLevel::warning, "remember",
        "factory_soft does not hold for callers whose factory may not outlive the call: use background()");
  }

  const Options options;
  remembering::ChangingRules rules;
  ITaggedCache* const tagged;  // the cache below; null when it has no tags
  ITieredCache* const tiers;   // below, where keys are the same; may be null
  const std::shared_ptr<const IClock> clock;
  const std::shared_ptr<ILogger> logger;
  // By the loader, if there is one; the second one where the call has no TTL, so that the loader has to give it.
  std::optional<Computation> loading, loading_with_time_to_live;
  basics::PerProcess<remembering::FlightTable> table;
  basics::PerProcess<remembering::FailureMemory> failures;
  // In a forked child, callbacks of the one before are on stacks of threads that do not exist.
  basics::PerProcess<std::stop_source> stopping;
  remembering::ComputingCounters counters;
  remembering::ChangeCounts changes;
  StoredEntries entries;
  const bool copies_below;   // a near tier; its keys may be others
  const bool reads_plainly;  // a read needs to know nothing but the key
  std::atomic<bool> told_of_soft_limit{false};
  // Looks beyond the first of a call, which the cache below has counted too.
  std::atomic<std::uint64_t> further_hits{0};
  std::atomic<std::uint64_t> further_misses{0};
  // What the cache below has counted as hits, and is none.
  std::atomic<std::uint64_t> stale_reads{0};
  RisingCounter hits, misses;                          // as reported
  std::unique_ptr<remembering::RefreshPoints> points;  // null: nothing is computed ahead
  std::atomic<std::int64_t> cost{0};                   // of a factory, in nanoseconds: a moving average
  basics::PerProcess<remembering::KeysAtWork> refreshing;
  remembering::ForeignChanges foreign;
  // The last: their work uses the others.
  basics::PerProcess<basics::Crew> crew;        // as many as there are blocking calls
  basics::PerProcess<basics::Crew> async_crew;  // a limited number, behind which those would wait
  basics::PerProcess<basics::Crew> refresh_crew;
  [[nodiscard]] std::array<basics::Crew*, 3> crews() noexcept {
    return {crew.find(), async_crew.find(), refresh_crew.find()};
  }
};

}  // namespace cachesite
