#pragma once

#include "contract/cache_contract.hpp"
#include "support/fake_clock.hpp"
#include "support/patient.hpp"
#include "support/server_clock.hpp"

#include <cachesite/component_context.hpp>
#include <cachesite/redis_cache.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace cachesite::test {

/// The server of a program of contracts, emptied. Its time stands still until a test moves it, so that nobody waits for
/// entries to expire.
inline RedisServerWithClock& empty_server_with_clock() {
  static RedisServerWithClock instance;
  instance->probe().flush();
  return instance;
}

/// How time passes on that server and by `clock`.
inline std::function<void(std::chrono::milliseconds)> let_pass_on(RedisServerWithClock& server,
                                                                  std::shared_ptr<FakeClock> clock) {
  return [&server, clock = std::move(clock)](std::chrono::milliseconds time) {
    clock->advance(time);
    server.advance(time);
  };
}

/// A started cache on that server, by its socket. `context` becomes what the layers above are made with.
inline CacheSubject clocked_redis_subject(const std::string& prefix, ComponentContext& context) {
  auto& server = empty_server_with_clock();
  auto options = patient<RedisCacheOptions>();
  options.unix_socket_path = server->unix_socket_path();
  options.prefix = prefix;
  const auto cache = std::make_shared<RedisCache>(std::move(options));
  cache->start();
  cache->await_started();
  const auto clock = std::make_shared<FakeClock>();
  context.clock = clock;
  CacheSubject subject;
  subject.cache = cache;
  subject.let_pass = let_pass_on(server, clock);
  return subject;
}

}  // namespace cachesite::test
