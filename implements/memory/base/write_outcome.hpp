#pragma once

#include <cstdint>

namespace cachesite::memory {

enum class WriteOutcome : std::uint8_t {
  stored,
  unchanged,  // the condition did not hold
  too_large,
  no_memory,
  no_room_here,
  no_counter,
  out_of_range,
};

// What a write asks of the entry that is there, or of the lack of one.
enum class WriteCondition : std::uint8_t { always, absent, present };

}  // namespace cachesite::memory
