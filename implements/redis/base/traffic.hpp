#pragma once

#include <atomic>
#include <cstdint>

namespace cachesite::redis {

/// Bytes that went through sockets.
struct Traffic {
  std::atomic<std::uint64_t> received{0};
  std::atomic<std::uint64_t> sent{0};
};

}  // namespace cachesite::redis
