#include "contract/layer_pairs_contract.hpp"
#include "support/redis_server.hpp"
#include "support/wait_until.hpp"

#include <cachesite/redis_cache.hpp>

namespace {

using namespace cachesite;

test::RedisServer& server() {
  static test::RedisServer instance;
  return instance;
}

std::int64_t server_microseconds(test::RedisProbe& probe) {
  const auto time = probe.checked({"TIME"});
  return std::stoll(time.elements.at(0).text) * 1'000'000 + std::stoll(time.elements.at(1).text);
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
  subject.let_pass = [probe](std::chrono::milliseconds time) {
    const auto end = server_microseconds(*probe) + std::chrono::microseconds(time).count();
    test::wait_until([&] { return server_microseconds(*probe) > end; });
  };
  return subject;
});

}  // namespace
