#pragma once

#include "redis/wire/command.hpp"

#include <cstdint>

namespace cachesite::redis {

using HashSlot = std::uint16_t;

inline constexpr HashSlot hash_slots = 16384;

/// The slot of a Redis Cluster that a key belongs to: CRC-16 (XMODEM) of the key, or of what stands between
/// its first `{` and the `}` after it when that is not nothing, modulo 16384.
[[nodiscard]] HashSlot hash_slot(const Argument& key) noexcept;

}  // namespace cachesite::redis
