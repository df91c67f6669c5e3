#include "basics/shared_connection.hpp"

#include <cachesite/detail/ttl_jitter.hpp>
#include <cachesite/redis_cache.hpp>

namespace cachesite {

RedisCacheOptions::RedisCacheOptions() : SessionOptions("redis") {}

ParameterTable RedisCacheOptions::parameters() {
  using O = RedisCacheOptions;
  auto table = inherited_parameters<O, RedisConnectionOptions>();
  table.add(inherited_parameters<O, SessionOptions>());
  return table.add(ParameterTable{
      parameter("connection", &O::connection,
                "An IRedis component whose connection is used instead of one of the cache's own; settings of "
                "a connection may then not be given here."),
      parameter("prefix", &O::prefix, "Put in front of every key; at most 64 KiB.").alias("key_prefix"),
      parameter("null_as", &O::null_as, "How a cached null is stored.")
          .choices({{"marker", NullAs::marker}, {"empty", NullAs::empty}}),
      parameter("max_value_bytes", &O::max_value_bytes,
                "Longest value; a longer one is neither written nor read.")
          .between(ByteSize{1}, ByteSize{ICache::largest_value}),
      parameter("ttl_jitter", &O::ttl_jitter,
                "Each TTL is changed by up to this share of itself, up or down, depending on the key, so "
                "that entries stored together do not expire together. increment and expire do not use it.")
          .between(0.0, largest_ttl_jitter),
  });
}

std::vector<OptionComplaint> RedisCacheOptions::complaints() const {
  auto complaints = connection.is_set() ? basics::complaints_beside_connection<RedisConnectionOptions>(*this)
                                        : RedisConnectionOptions::complaints();
  if (prefix.size() > ICache::longest_key)
    complaints.push_back({"prefix", "the prefix is longer than a key may be"});
  return complaints;
}

}  // namespace cachesite
