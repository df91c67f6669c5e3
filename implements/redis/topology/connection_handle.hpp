#pragma once

#include "redis/topology/topology.hpp"

#include <chrono>
#include <memory>

namespace cachesite::redis {

class NewsFeed;

/// What components that sit on one RedisConnection share.
struct ConnectionHandle {
  std::shared_ptr<Topology> topology;
  std::chrono::milliseconds patience;  // longest time of one call
  std::shared_ptr<NewsFeed> feed;      // of what the servers say about changes
};

}  // namespace cachesite::redis
