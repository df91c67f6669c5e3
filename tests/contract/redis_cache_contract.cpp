#include "contract/cache_contract.hpp"
#include "support/redis_server.hpp"

#include <cachesite/redis_cache.hpp>
#include <cachesite/redis_connection.hpp>

#include <memory>
#include <string>

namespace {

using namespace cachesite;

test::RedisServer& server() {
  static test::RedisServer instance;
  return instance;
}

test::CacheSubject make_subject(RedisCacheOptions options) {
  auto probe = std::make_shared<test::RedisProbe>(server().address());
  probe->flush();
  auto cache = std::make_shared<RedisCache>(std::move(options));
  cache->start();
  cache->await_started();
  test::CacheSubject subject;
  subject.cache = std::move(cache);
  subject.let_pass = [probe](std::chrono::milliseconds time) { probe->let_pass(time); };
  return subject;
}

RedisCacheOptions tcp() {
  RedisCacheOptions options;
  options.host = server().host();
  options.port = server().port();
  return options;
}

RedisCacheOptions unix_socket() {
  RedisCacheOptions options;
  options.unix_socket_path = server().unix_socket_path();
  options.prefix = "prefix:";
  return options;
}

const bool over_tcp = test::register_cache_contract("redis_over_tcp", [] { return make_subject(tcp()); });

const bool over_unix_socket = test::register_cache_contract("redis_over_a_unix_socket_with_a_prefix",
                                                            [] { return make_subject(unix_socket()); });

const bool on_a_shared_connection = test::register_cache_contract("redis_on_a_shared_connection", [] {
  RedisConnection::Options shared;
  shared.host = server().host();
  shared.port = server().port();
  RedisCacheOptions options;
  options.connection = std::shared_ptr<IRedis>(std::make_shared<RedisConnection>(shared));
  options.prefix = "shared:";
  return make_subject(options);
});

const bool with_empty_nulls = test::register_cache_contract("redis_with_nulls_as_empty_values", [] {
  auto options = tcp();
  options.null_as = NullAs::empty;
  auto subject = make_subject(options);
  subject.tells_null_from_empty = false;
  return subject;
});

}  // namespace
