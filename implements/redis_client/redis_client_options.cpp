#include "basics/shared_connection.hpp"

#include <cachesite/detail/redis_client_options.hpp>

namespace cachesite {

ParameterTable RedisClientOptions::parameters() {
  using O = RedisClientOptions;
  return inherited_parameters<O, RedisConnectionComponentOptions>().add(ParameterTable{
      parameter("connection", &O::connection,
                "An IRedis component that is used instead of a connection of its own; settings of a "
                "connection may then not be given here."),
  });
}

std::vector<OptionComplaint> RedisClientOptions::complaints() const {
  if (!connection.is_set()) return RedisConnectionComponentOptions::complaints();
  return basics::complaints_beside_connection<RedisConnectionComponentOptions>(*this);
}

}  // namespace cachesite
