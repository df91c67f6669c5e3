#pragma once

#include <cachesite/parameter.hpp>
#include <cachesite/redis.hpp>
#include <cachesite/redis_connection.hpp>
#include <cachesite/reference.hpp>

#include <vector>

namespace cachesite {

/// Settings of a component that works with a Redis server: either the component whose connection it shares,
/// or a connection of its own.
struct RedisClientOptions : RedisConnectionComponentOptions {
  Reference<IRedis> connection;

  /// A component that uses the connection of another one takes nothing from a session.
  [[nodiscard]] bool uses_session() const noexcept {
    return !connection.is_set() && SessionOptions::uses_session();
  }

  static ParameterTable parameters();
  [[nodiscard]] std::vector<OptionComplaint> complaints() const;
};

}  // namespace cachesite
