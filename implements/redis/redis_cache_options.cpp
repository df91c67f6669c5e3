#include <cachesite/redis_cache.hpp>

namespace cachesite {

ParameterTable RedisCacheOptions::parameters() {
  using O = RedisCacheOptions;
  return inherited_parameters<O, RedisConnectionOptions>().add(ParameterTable{
      parameter("prefix", &O::prefix, "Put in front of every key."),
      parameter("null_as", &O::null_as, "How a cached null is stored.")
          .choices({{"marker", NullAs::marker}, {"empty", NullAs::empty}}),
      parameter("max_value_bytes", &O::max_value_bytes, "Longer values are refused.")
          .between(ByteSize{1}, ByteSize{ICache::largest_value}),
  });
}

std::vector<OptionComplaint> RedisCacheOptions::complaints() const {
  auto complaints = RedisConnectionOptions::complaints();
  if (prefix.size() > ICache::longest_key)
    complaints.push_back({"prefix", "the prefix is longer than a key may be"});
  return complaints;
}

}  // namespace cachesite
