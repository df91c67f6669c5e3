#pragma once

#include <cachesite/parameter.hpp>
#include <cachesite/redis.hpp>
#include <cachesite/redis_connection.hpp>
#include <cachesite/reference.hpp>

#include <vector>

namespace cachesite {

/// Settings of a component that uses a Redis server: the connection of another component, or its own.
struct RedisClientOptions : RedisConnectionComponentOptions {
  Reference<IRedis> connection;

  /// A component with the connection of another one does not use a session.
  [[nodiscard]] bool uses_session() const noexcept {
    return !connection.is_set() && SessionOptions::uses_session();
  }

  static ParameterTable parameters();
  [[nodiscard]] std::vector<OptionComplaint> complaints() const;
};

}  // namespace cachesite
