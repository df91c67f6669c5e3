#pragma once

#include <cachesite/redis_connection.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace cachesite::redis {

/// Options with what their URL says put in. When there are complaints the options are not complete.
struct UrlReading {
  RedisConnectionOptions options;  // without a URL
  std::vector<OptionComplaint> complaints;
};

/// Complaints never repeat a part of the URL: wherever a mark is missing, that part may be of a password.
UrlReading apply_url(const RedisConnectionOptions& options);

/// Why no server can have this name or address, as the end of a sentence about the host; empty when one can.
std::string host_fault(std::string_view host);

}  // namespace cachesite::redis
