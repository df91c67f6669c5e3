#pragma once

#include "support/chaos_proxy.hpp"
#include "support/collecting_logger.hpp"
#include "support/redis_server.hpp"
#include "support/sanitized.hpp"

#include <cachesite/redis_cache.hpp>

#include <chrono>
#include <memory>
#include <string>

namespace cachesite::test {

/// A Redis cache that reaches a real server through a proxy with faults.
class RedisWorld {
 public:
  static constexpr std::chrono::milliseconds deadline{300};
  /// How much later than its deadline a call may return on a busy machine.
  static constexpr std::chrono::milliseconds slack{50 * slowness};

  explicit RedisWorld(RedisCacheOptions options = {}) {
    options.host = "127.0.0.1";
    options.port = proxy.port();
    options.socket_timeout = deadline;
    options.socket_connect_timeout = deadline;
    ComponentContext context;
    context.label = "RedisCache \"tested\"";
    context.logger = logger;
    cache = std::make_unique<RedisCache>(options, context);
    cache->start();
    cache->await_started();
  }

  /// How long `call` takes.
  template <class Call>
  static std::chrono::milliseconds duration_of(Call&& call) {
    const auto start = std::chrono::steady_clock::now();
    call();
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
  }

  /// True when a write and a read of it succeed within `limit`, trying again and again.
  bool recovers(std::chrono::milliseconds limit = std::chrono::seconds(2)) {
    return wait_until(
        [this] {
          return cache->set_value("recovery", "done", std::chrono::minutes(1)) &&
                 cache->get_value("recovery").has_value();
        },
        limit);
  }

  RedisServer server;
  ChaosProxy proxy{server.port()};
  std::shared_ptr<CollectingLogger> logger = std::make_shared<CollectingLogger>();
  std::unique_ptr<RedisCache> cache;
};

}  // namespace cachesite::test
