#include "contract/mutex_contract.hpp"

#include "contract/awaited_mutex.hpp"
#include "support/patient.hpp"
#include "support/redis_server.hpp"

#include <cachesite/memory_mutex_site.hpp>
#include <cachesite/redis_connection.hpp>
#include <cachesite/redis_mutex_site.hpp>

#include <memory>

namespace {

using namespace cachesite;

test::RedisServer& server() {
  static test::RedisServer instance;
  return instance;
}

std::shared_ptr<IMutexSite> started(RedisMutexSiteOptions options) {
  auto site = std::make_shared<RedisMutexSite>(std::move(options));
  site->start();
  site->await_started();
  return site;
}

test::MutexSubject in_memory() {
  test::MutexSubject subject;
  subject.site = std::make_shared<MemoryMutexSite>();
  subject.other = subject.site;
  return subject;
}

test::MutexSubject on_redis() {
  server().probe().flush();
  auto options = test::patient<RedisMutexSiteOptions>();
  options.host = server().host();
  options.port = server().port();
  test::MutexSubject subject;
  subject.site = started(options);
  subject.other = started(options);
  return subject;
}

test::MutexSubject on_a_shared_connection() {
  server().probe().flush();
  auto shared = test::patient<RedisConnection::Options>();
  shared.unix_socket_path = server().unix_socket_path();
  RedisMutexSiteOptions options;
  options.connection = std::shared_ptr<IRedis>(std::make_shared<RedisConnection>(shared));
  test::MutexSubject subject;
  subject.site = started(options);
  subject.other = started(options);
  return subject;
}

// Those that are called first in their asynchronous form; the others stay as they are, so both meet.
test::MutexSubject awaited(test::MutexSubject subject) {
  subject.site = std::make_shared<test::AwaitedMutexSite>(subject.site);
  return subject;
}

const bool registered[] = {
    test::register_mutex_contract("memory", in_memory),
    test::register_mutex_contract("redis", on_redis),
    test::register_mutex_contract("redis_on_a_shared_connection", on_a_shared_connection),
    test::register_mutex_contract("memory_awaited", [] { return awaited(in_memory()); }),
    test::register_mutex_contract("redis_awaited", [] { return awaited(on_redis()); }),
};

}  // namespace
