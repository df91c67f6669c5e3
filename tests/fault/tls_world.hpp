#pragma once

#include "support/collecting_logger.hpp"
#include "support/redis_server.hpp"
#include "support/test_certificates.hpp"

#include <cachesite/redis_cache.hpp>

#include <chrono>
#include <memory>
#include <string>

namespace cachesite::test {

/// Made once for all cases of a program: certificates take a while.
inline const TestCertificates& certificates() {
  static const TestCertificates made;
  return made;
}

/// Options for a cache that trusts the tests' authority.
inline RedisCacheOptions tls_options(std::uint16_t port, const std::string& host = "localhost") {
  RedisCacheOptions options;
  options.host = host;
  options.port = port;
  options.ssl = true;
  options.ssl_ca_certs = certificates().authority_file();
  options.socket_timeout = std::chrono::seconds(2);
  options.socket_connect_timeout = std::chrono::seconds(2);
  return options;
}

/// A started cache.
inline std::unique_ptr<RedisCache> started(
    const RedisCacheOptions& options, std::shared_ptr<ILogger> logger = std::make_shared<SilentLogger>()) {
  ComponentContext context;
  context.label = "RedisCache \"tested\"";
  context.logger = std::move(logger);
  auto cache = std::make_unique<RedisCache>(options, context);
  cache->start();
  cache->await_started();
  return cache;
}

}  // namespace cachesite::test
