#pragma once

#include "support/chaos_proxy.hpp"
#include "support/collecting_logger.hpp"
#include "support/patient.hpp"
#include "support/redis_server.hpp"
#include "support/scripted_server.hpp"
#include "support/stopwatch.hpp"
#include "support/wait_until.hpp"

#include <cachesite/redis_cache.hpp>
#include <cachesite/redis_connection.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace cachesite::test {

using namespace std::chrono_literals;

inline RedisConnection::Options connection_options(std::uint16_t port) {
  auto options = patient<RedisConnection::Options>();
  options.host = "127.0.0.1";
  options.port = port;
  return options;
}

/// A started RedisConnection with a logger that keeps everything.
inline std::shared_ptr<RedisConnection> connect(
    const RedisConnection::Options& options,
    const std::shared_ptr<CollectingLogger>& logger = std::make_shared<CollectingLogger>()) {
  ComponentContext context;
  context.label = "RedisConnection \"test\"";
  context.logger = logger;
  auto connection = std::make_shared<RedisConnection>(options, context);
  connection->start();
  connection->await_started();
  return connection;
}

}  // namespace cachesite::test
