#pragma once

#include "support/chaos_proxy.hpp"
#include "support/collecting_logger.hpp"
#include "support/patient.hpp"
#include "support/redis_server.hpp"
#include "support/stopwatch.hpp"

#include <cachesite/redis_cache.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace cachesite::test {

using namespace std::chrono_literals;

inline RedisCacheOptions options_for_port(std::uint16_t port) {
  auto options = patient<RedisCacheOptions>();
  options.host = "127.0.0.1";
  options.port = port;
  return options;
}

/// A started RedisCache with a logger that keeps everything.
class StartedCache {
 public:
  explicit StartedCache(const RedisCacheOptions& options)
      : cache_(std::make_unique<RedisCache>(options, context())) {
    cache_->start();
    cache_->await_started();
  }

  RedisCache& operator*() const { return *cache_; }
  RedisCache* operator->() const { return cache_.get(); }
  CollectingLogger& logger() const { return *logger_; }

 private:
  ComponentContext context() const {
    ComponentContext context;
    context.label = "RedisCache \"test\"";
    context.logger = logger_;
    return context;
  }

  std::shared_ptr<CollectingLogger> logger_ = std::make_shared<CollectingLogger>();
  std::unique_ptr<RedisCache> cache_;
};

}  // namespace cachesite::test
