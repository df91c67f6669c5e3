#pragma once

#include "memory/base/budget.hpp"
#include "memory/base/hash.hpp"
#include "memory/base/page_source.hpp"
#include "memory/base/tick_clock.hpp"

#include <cstdint>

namespace cachesite::memory {

// What every shard of an engine has in common.
struct ShardContext {
  PageSource& pages;
  Budget& budget;
  const TickClock& clock;
  HashSeed seed;
  Tick idle = 0;  // 0: entries do not end for lack of use
  unsigned segment_word_bits = 10;
  std::uint32_t table_base = 32;
  std::uint64_t least_sketch_blocks = 64;
};

}  // namespace cachesite::memory
