#include "contract/layer_pairs_contract.hpp"
#include "support/redis_server.hpp"

#include <cachesite/redis_cache.hpp>

namespace {

using namespace cachesite;

test::RedisServer& server() {
  static test::RedisServer instance;
  return instance;
}

const bool registered = test::register_layer_contracts("redis", [](ComponentContext&) {
  auto probe = std::make_shared<test::RedisProbe>(server().address());
  probe->flush();
  RedisCacheOptions options;
  options.unix_socket_path = server().unix_socket_path();
  options.prefix = "layers:";
  auto cache = std::make_shared<RedisCache>(options);
  cache->start();
  cache->await_started();
  test::CacheSubject subject;
  subject.cache = std::move(cache);
  subject.let_pass = [probe](std::chrono::milliseconds time) { probe->let_pass(time); };
  return subject;
});

}  // namespace
