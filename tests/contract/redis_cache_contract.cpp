#include "contract/redis_subject.hpp"
#include "support/patient.hpp"

#include <cachesite/redis_connection.hpp>

#include <memory>

namespace {

using namespace cachesite;

RedisCacheOptions tcp() {
  auto options = test::patient<RedisCacheOptions>();
  options.host = test::contract_server().host();
  options.port = test::contract_server().port();
  return options;
}

const bool over_tcp =
    test::register_cache_contract("redis_over_tcp", [] { return test::redis_subject(tcp()); });

const bool over_unix_socket = test::register_cache_contract("redis_over_a_unix_socket_with_a_prefix",
                                                            [] { return test::redis_subject("prefix:"); });

const bool on_a_shared_connection = test::register_cache_contract("redis_on_a_shared_connection", [] {
  auto shared = test::patient<RedisConnection::Options>();
  shared.host = test::contract_server().host();
  shared.port = test::contract_server().port();
  RedisCacheOptions options;
  options.connection = std::shared_ptr<IRedis>(std::make_shared<RedisConnection>(shared));
  options.prefix = "shared:";
  return test::redis_subject(options);
});

const bool with_empty_nulls = test::register_cache_contract("redis_with_nulls_as_empty_values", [] {
  auto options = tcp();
  options.null_as = NullAs::empty;
  auto subject = test::redis_subject(options);
  subject.tells_null_from_empty = false;
  return subject;
});

}  // namespace
