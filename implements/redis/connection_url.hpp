#pragma once

#include <cachesite/redis_connection_options.hpp>

#include <vector>

namespace cachesite::redis {

/// Options with what their URL says put in. When there are complaints the options are not complete.
struct UrlReading {
  RedisConnectionOptions options;  // without a URL
  std::vector<OptionComplaint> complaints;
};

/// Complaints never repeat a part of the URL: wherever a mark is missing, that part may be of a password.
UrlReading apply_url(const RedisConnectionOptions& options);

}  // namespace cachesite::redis
