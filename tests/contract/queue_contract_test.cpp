#include "contract/queue_contract.hpp"

#include "support/patient.hpp"
#include "support/redis_server.hpp"

#include <cachesite/memory_queue_site.hpp>
#include <cachesite/redis_connection.hpp>
#include <cachesite/redis_pubsub_queue_site.hpp>
#include <cachesite/redis_stream_queue_site.hpp>

#include <memory>

namespace {

using namespace cachesite;
using test::QueueKind;
using test::QueueSettings;
using test::QueueSubject;

test::RedisServer& server() {
  static test::RedisServer instance;
  return instance;
}

template <class Site>
std::shared_ptr<IQueueSite> started(typename Site::Options options) {
  auto site = std::make_shared<Site>(std::move(options));
  site->start();
  site->await_started();
  return site;
}

RedisStreamQueueSiteOptions stream_options(const QueueSettings& settings) {
  server().probe().flush();
  RedisStreamQueueSiteOptions options;
  options.redeliver_after = settings.redeliver_after;
  options.max_deliveries = settings.max_deliveries;
  options.poll_interval = std::chrono::milliseconds(50);
  return options;
}

const bool in_memory = test::register_queue_contract("memory", QueueKind::keeps, [](const auto& settings) {
  MemoryQueueSiteOptions options;
  options.redeliver_after = settings.redeliver_after;
  options.max_deliveries = settings.max_deliveries;
  const auto site = std::make_shared<MemoryQueueSite>(options);
  return QueueSubject{site, site};
});

const bool on_streams =
    test::register_queue_contract("redis_stream", QueueKind::keeps, [](const auto& settings) {
      auto options = test::patient(stream_options(settings));
      options.host = server().host();
      options.port = server().port();
      return QueueSubject{started<RedisStreamQueueSite>(options), started<RedisStreamQueueSite>(options)};
    });

const bool on_a_shared_connection = test::register_queue_contract(
    "redis_stream_on_a_shared_connection", QueueKind::keeps, [](const auto& settings) {
      auto shared = test::patient<RedisConnection::Options>();
      shared.unix_socket_path = server().unix_socket_path();
      auto options = stream_options(settings);
      options.connection = std::shared_ptr<IRedis>(std::make_shared<RedisConnection>(shared));
      return QueueSubject{started<RedisStreamQueueSite>(options), started<RedisStreamQueueSite>(options)};
    });

const bool on_publish_and_subscribe =
    test::register_queue_contract("redis_pubsub", QueueKind::publishes, [](const auto&) {
      auto options = test::patient<RedisPubSubQueueSiteOptions>();
      options.host = server().host();
      options.port = server().port();
      return QueueSubject{started<RedisPubSubQueueSite>(options), started<RedisPubSubQueueSite>(options)};
    });

}  // namespace
