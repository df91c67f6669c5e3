#include "contract/queue_contract.hpp"

#include "contract/awaited_queue.hpp"
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

QueueSubject in_memory(const QueueSettings& settings) {
  MemoryQueueSiteOptions options;
  options.redeliver_after = settings.redeliver_after;
  options.max_deliveries = settings.max_deliveries;
  const auto site = std::make_shared<MemoryQueueSite>(options);
  return QueueSubject{site, site};
}

QueueSubject on_streams(const QueueSettings& settings) {
  auto options = test::patient(stream_options(settings));
  options.host = server().host();
  options.port = server().port();
  return QueueSubject{started<RedisStreamQueueSite>(options), started<RedisStreamQueueSite>(options)};
}

QueueSubject on_a_shared_connection(const QueueSettings& settings) {
  auto shared = test::patient<RedisConnection::Options>();
  shared.unix_socket_path = server().unix_socket_path();
  auto options = stream_options(settings);
  options.connection = std::shared_ptr<IRedis>(std::make_shared<RedisConnection>(shared));
  return QueueSubject{started<RedisStreamQueueSite>(options), started<RedisStreamQueueSite>(options)};
}

QueueSubject on_publish_and_subscribe(const QueueSettings&) {
  auto options = test::patient<RedisPubSubQueueSiteOptions>();
  options.host = server().host();
  options.port = server().port();
  return QueueSubject{started<RedisPubSubQueueSite>(options), started<RedisPubSubQueueSite>(options)};
}

// Those that are called first in their asynchronous form; the others stay as they are, so both meet.
template <class Make>
auto awaited(Make make) {
  return [make](const QueueSettings& settings) {
    auto subject = make(settings);
    subject.site = std::make_shared<test::AwaitedQueueSite>(subject.site);
    return subject;
  };
}

const bool registered[] = {
    test::register_queue_contract("memory", QueueKind::keeps, in_memory),
    test::register_queue_contract("redis_stream", QueueKind::keeps, on_streams),
    test::register_queue_contract("redis_stream_on_a_shared_connection", QueueKind::keeps,
                                  on_a_shared_connection),
    test::register_queue_contract("redis_pubsub", QueueKind::publishes, on_publish_and_subscribe),
    test::register_queue_contract("memory_awaited", QueueKind::keeps, awaited(in_memory)),
    test::register_queue_contract("redis_stream_awaited", QueueKind::keeps, awaited(on_streams)),
    test::register_queue_contract("redis_pubsub_awaited", QueueKind::publishes,
                                  awaited(on_publish_and_subscribe)),
};

}  // namespace
