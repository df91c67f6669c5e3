#pragma once

#include "redis/topology/topology.hpp"

#include <chrono>
#include <memory>

namespace cachesite::redis {

/// What components that sit on one RedisConnection share.
struct ConnectionHandle {
  std::shared_ptr<Topology> topology;
  std::chrono::milliseconds patience;  // longest time of one call
};

}  // namespace cachesite::redis
