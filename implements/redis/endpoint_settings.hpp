#pragma once

#include "redis/endpoint.hpp"

#include <cachesite/redis_connection_options.hpp>

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace cachesite::redis {

/// How to reach the server that the options mean. `largest_bulk` bounds every value of an answer.
/// Precondition: the options have no complaints. Throws std::invalid_argument when a certificate or key
/// cannot be read.
[[nodiscard]] EndpointOptions endpoint_settings(const RedisConnectionOptions& options,
                                                std::size_t largest_bulk);

/// Throws std::invalid_argument with the first complaint, if there is one.
template <class Options>
Options checked_options(std::string_view class_name, Options options) {
  const auto complaints = options.complaints();
  if (!complaints.empty())
    throw std::invalid_argument(std::string(class_name) + ": " + complaints.front().parameter + ": " +
                                complaints.front().message);
  return options;
}

}  // namespace cachesite::redis
