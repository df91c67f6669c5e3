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

/// Settings of a RedisStreamQueueSite: those of its connection and its own, explained by `cachesite describe
/// RedisStreamQueueSite` and configs/reference.md.
struct RedisStreamQueueSiteOptions : RedisClientOptions {
  std::string prefix = "queue:";
  std::string group = "workers";
  std::chrono::milliseconds redeliver_after{60'000};
  std::uint32_t max_deliveries = 0;
  std::uint32_t batch = 16;
  std::chrono::milliseconds poll_interval{250};
  bool delete_acknowledged = true;
  bool require_connection = false;

  static ParameterTable parameters();
  [[nodiscard]] std::vector<OptionComplaint> complaints() const;
};

/// Queues that keep their messages on a Redis server (6 or later, or Valkey) until they are acknowledged.
///
/// A queue is a stream with a consumer group; a message is an entry with the field `data`. It survives
/// crashes of its producer and its consumer, as long as the server keeps its data. Delayed messages wait in
/// the sorted set `delayed@<prefix><name>`, by the server's clock; the first consumer that checks moves them
/// to the stream.
///
/// Every thread that waits in `receive` has its own connection: `max_connections` has to be greater.
///
/// In a forked child every call fails with `closed`, and the messages and consumers belong to the parent; the
/// child creates its own component.
class RedisStreamQueueSite final : public IQueueSite {
 public:
  using Options = RedisStreamQueueSiteOptions;

  /// Throws std::invalid_argument with the first of `options.complaints()`.
  explicit RedisStreamQueueSite(Options options, const ComponentContext& context = {});
  ~RedisStreamQueueSite() override;

  void start() override;
  void await_started() override;
  void stop() noexcept override;
  [[nodiscard]] Health health() const override;
  [[nodiscard]] std::shared_ptr<IQueueProducer> get_producer(std::string_view name) override;
  [[nodiscard]] std::shared_ptr<IQueueConsumer> get_consumer(std::string_view name) override;
  Result<QueueCounts> counts(std::string_view name) noexcept override;

 private:
  class Inner;
  const std::shared_ptr<Inner> inner_;
};

}  // namespace cachesite
