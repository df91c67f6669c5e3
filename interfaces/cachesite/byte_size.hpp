#pragma once

#include <compare>
#include <cstdint>

namespace cachesite {

/// A number of bytes, written in files as `64MiB`, `1.5GiB`, `10kB` or a bare number.
struct ByteSize {
  std::uint64_t bytes = 0;

  friend constexpr auto operator<=>(ByteSize, ByteSize) = default;
};

}  // namespace cachesite
