#pragma once

#include <cachesite/component_context.hpp>
#include <cachesite/detail/redis_client_options.hpp>
#include <cachesite/parameter.hpp>
#include <cachesite/queue.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite {

/// Settings of a RedisPubSubQueueSite: those of its connection and its own, explained by `cachesite describe
/// RedisPubSubQueueSite` and configs/reference.md.
struct RedisPubSubQueueSiteOptions : RedisClientOptions {
  std::string prefix;
  std::uint32_t max_buffered = 10'000;
  std::chrono::milliseconds subscribe_timeout{1'000};
  bool require_connection = false;

  static ParameterTable parameters();
  [[nodiscard]] std::vector<OptionComplaint> complaints() const;
};

/// Queues over publish and subscribe of a Redis server: a message is `PUBLISH <prefix><name> <bytes>`, like
/// FivcGlue. Every connected consumer gets every message. Messages are not kept: without a consumer a message
/// is lost, and a consumer misses messages while its connection is down (it reconnects by itself, and logs
/// it). Acknowledgements have no effect. If messages must not be lost, use RedisStreamQueueSite.
///
/// In a forked child every call fails with `closed`, and the consumers belong to the parent; the child
/// creates its own component.
class RedisPubSubQueueSite final : public IQueueSite {
 public:
  using Options = RedisPubSubQueueSiteOptions;

  /// Throws std::invalid_argument with the first of `options.complaints()`.
  explicit RedisPubSubQueueSite(Options options, const ComponentContext& context = {});
  ~RedisPubSubQueueSite() override;

  void start() override;
  void await_started() override;
  void stop() noexcept override;
  [[nodiscard]] Health health() const override;
  [[nodiscard]] std::shared_ptr<IQueueProducer> get_producer(std::string_view name) override;
  [[nodiscard]] std::shared_ptr<IQueueConsumer> get_consumer(std::string_view name) override;
  /// Always empty: the server does not know.
  Result<QueueCounts> counts(std::string_view name) noexcept override;

 private:
  class Inner;
  const std::shared_ptr<Inner> inner_;
};

}  // namespace cachesite
