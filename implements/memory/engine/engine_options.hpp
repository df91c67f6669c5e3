#pragma once

#include "memory/base/hash.hpp"
#include "memory/base/page_source.hpp"
#include "memory/base/removal.hpp"
#include "memory/base/tick_clock.hpp"

#include <cachesite/clock.hpp>
#include <cachesite/memory_cache.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

namespace cachesite::memory {

struct EngineOptions {
  EvictionPolicy policy = EvictionPolicy::tinylfu;
  std::optional<std::uint64_t> max_size;   // entries; none: no limit
  std::optional<std::uint64_t> max_bytes;  // none: no limit
  std::optional<std::chrono::milliseconds> time_to_idle;
  bool count_reads = true;  // and estimate what other sizes would bring
  unsigned most_shards = 64;
  std::shared_ptr<const IClock> clock = std::make_shared<SteadyClock>();
  std::uint64_t clock_cycles = TickClock::usual_cycles;  // how long an answer of the machine's clock is good
  RemovalListener listener;
  HugePages huge_pages = HugePages::automatic;
  std::shared_ptr<PageSource> pages = std::make_shared<SystemPages>();
  std::optional<HashSeed> seed;  // none: drawn at random
};

}  // namespace cachesite::memory
