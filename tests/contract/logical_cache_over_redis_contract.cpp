#include "contract/logical_cache_contract.hpp"
#include "support/redis_server.hpp"
#include "support/sanitized.hpp"

#include <cachesite/redis_cache.hpp>

namespace {

using namespace cachesite;

test::RedisServer& server() {
  static test::RedisServer instance;
  return instance;
}

test::CacheSubject redis(ComponentContext&) {
  auto probe = std::make_shared<test::RedisProbe>(server().address());
  probe->flush();
  RedisCacheOptions options;
  options.unix_socket_path = server().unix_socket_path();
  options.prefix = "logical:";
  auto cache = std::make_shared<RedisCache>(options);
  cache->start();
  cache->await_started();
  test::CacheSubject subject;
  subject.cache = std::move(cache);
  subject.let_pass = [probe](std::chrono::milliseconds time) { probe->let_pass(time); };
  return subject;
}

// All parts, and all without one of them; the store alone.
const bool registered = [] {
  const auto all = test::all_optional_parts;
  for (std::size_t part = 0; part < test::optional_parts && !test::sanitized; ++part)
    test::register_logical_cache_contract("redis", redis, all & ~(1U << part));
  test::register_logical_cache_contract("redis", redis, 0);
  test::register_logical_cache_contract("redis", redis, all);
  return test::register_logical_cache_contract("redis", redis, all | test::further_parts);
}();

}  // namespace
