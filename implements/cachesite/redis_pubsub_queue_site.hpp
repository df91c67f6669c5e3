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

/// Queues over publish and subscribe of a Redis server: a message is `PUBLISH <prefix><name> <bytes>`, as
/// FivcGlue has it. Every consumer that is there at that moment gets every message; nobody keeps any, so a
/// message without a consumer is lost, and so is what is sent while a consumer's connection is down (which it
/// replaces by itself, and logs). There is nothing to acknowledge. Where messages matter, use
/// RedisStreamQueueSite.
///
/// In a child that the process forks calls end with `closed`, and consumers stay the parent's; a child makes
/// a component of its own.
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
  /// Always empty: nobody knows.
  Result<QueueCounts> counts(std::string_view name) noexcept override;

 private:
  class Inner;
  const std::shared_ptr<Inner> inner_;
};

}  // namespace cachesite
