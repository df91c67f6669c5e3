#pragma once

#include "redis/endpoint/endpoint.hpp"

#include <cachesite/redis_connection.hpp>

#include <cstddef>

namespace cachesite::redis {

/// How to reach the server that the options mean. `largest_bulk` bounds every value of an answer.
/// Precondition: the options have no complaints. Throws std::invalid_argument when a certificate or key
/// cannot be read.
[[nodiscard]] EndpointOptions endpoint_settings(const RedisConnectionOptions& options,
                                                std::size_t largest_bulk);

}  // namespace cachesite::redis
