#pragma once

#include "support/patient.hpp"
#include "support/redis_server.hpp"
#include "support/wait_until.hpp"

#include <cachesite/memory_cache.hpp>
#include <cachesite/redis_cache.hpp>
#include <cachesite/tiered_cache.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <boost/test/unit_test.hpp>

namespace cachesite::test {

struct CoherentTiersOptions {
  std::string prefix = "shop:";
  NullAs null_as = NullAs::marker;
  std::function<void(TieredCacheOptions&)> set = {};
};

/// Copies in memory over a server, as one process has them.
struct CoherentTiers {
  explicit CoherentTiers(RedisServer& server, const CoherentTiersOptions& given = {})
      : probe(server.probe()) {
    auto redis = patient<RedisCacheOptions>();
    redis.host = "127.0.0.1";
    redis.port = server.port();
    redis.prefix = given.prefix;
    redis.null_as = given.null_as;
    far = std::make_shared<RedisCache>(redis);
    TieredCacheOptions options;
    options.over = std::static_pointer_cast<ICache>(far);
    options.near = std::static_pointer_cast<ICache>(std::make_shared<MemoryCache>());
    options.coherence.mode = CoherenceMode::tracking;
    if (given.set) given.set(options);
    cache = std::make_shared<TieredCache>(options);
    (void)cache->get("begin");
    if (options.coherence.mode != CoherenceMode::none) BOOST_TEST(coherent());
  }

  [[nodiscard]] bool coherent() const {
    return wait_until([&] { return cache->coherence().state == Coherence::coherent; });
  }
  /// Reads until there is a copy that is served, and that no news of earlier changes can end.
  [[nodiscard]] bool copied(std::string_view key) const {
    return cache->fence(std::chrono::seconds(10)).ok() && wait_until([&] {
             (void)cache->get(key);
             return cache->explain_copy(key).served;
           });
  }
  [[nodiscard]] std::string text(std::string_view key) const {
    const auto value = cache->get_value(key);
    return value ? std::string(value->text()) : "nothing";
  }

  RedisProbe probe;
  std::shared_ptr<RedisCache> far;
  std::shared_ptr<TieredCache> cache;
};

}  // namespace cachesite::test
