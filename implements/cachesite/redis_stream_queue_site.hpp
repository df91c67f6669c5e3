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

/// Settings of a RedisStreamQueueSite: those of its connection, and its own.
struct RedisStreamQueueSiteOptions : RedisClientOptions {
  /// Put in front of every name: a queue is the stream `<prefix><name>`.
  std::string prefix = "queue:";
  /// Consumers of one group share the messages. A queue may have several groups; each gets every message,
  /// which needs `delete_acknowledged: false`.
  std::string group = "workers";
  /// A message that was handed out and neither acknowledged nor kept for so long is handed out again, to any
  /// consumer: longer than the processing of one message takes.
  std::chrono::milliseconds redeliver_after{60'000};
  /// A message that was handed out so often without being acknowledged is moved to the stream
  /// `dead@<prefix><name>`; 0: never.
  std::uint32_t max_deliveries = 0;
  /// Most messages that a consumer fetches at once. What it has fetched waits for it, not for others.
  std::uint32_t batch = 16;
  /// How often a consumer looks for messages whose delay is over and for those that nobody acknowledged.
  std::chrono::milliseconds poll_interval{250};
  /// Take a message out of the stream when it is acknowledged.
  bool delete_acknowledged = true;
  /// `get_producer` and `get_consumer` throw while the server cannot be reached, as FivcGlue does.
  bool require_connection = false;

  static ParameterTable parameters();
  [[nodiscard]] std::vector<OptionComplaint> complaints() const;
};

/// Queues that keep their messages on a Redis server (6 or later, or Valkey) until they are acknowledged.
///
/// A queue is a stream with a consumer group; a message is an entry with the field `data`. It survives the
/// end of the program that sent it and of the program that was at work on it, as long as the server keeps its
/// data. Delayed messages wait in the sorted set `delayed@<prefix><name>`, by the server's clock, and are
/// moved to the stream by whichever consumer looks first.
///
/// Every thread that waits in `receive` has a connection of its own: `max_connections` has to be greater.
///
/// In a child that the process forks calls end with `closed`, and messages and consumers stay the parent's; a
/// child makes a component of its own.
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
