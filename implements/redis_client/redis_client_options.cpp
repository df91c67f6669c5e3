#include <cachesite/redis_client_options.hpp>

namespace cachesite {

ParameterTable RedisClientOptions::parameters() {
  using O = RedisClientOptions;
  return inherited_parameters<O, RedisConnectionComponentOptions>().add(ParameterTable{
      parameter("connection", &O::connection,
                "The IRedis component that is used instead of a connection of its own."),
  });
}

std::vector<OptionComplaint> RedisClientOptions::complaints() const {
  if (!connection.is_set()) return RedisConnectionComponentOptions::complaints();
  std::vector<OptionComplaint> complaints;
  const RedisConnectionComponentOptions& given = *this;
  const RedisConnectionComponentOptions defaults;
  const ParameterTable table = RedisConnectionComponentOptions::parameters();
  for (const auto& declaration : table.declarations())
    if (!(declaration.load(&given) == declaration.load(&defaults)))
      complaints.push_back({declaration.name, declaration.name +
                                                  " belongs to the component that `connection` names; give "
                                                  "it there"});
  return complaints;
}

}  // namespace cachesite
