#pragma once

#include <cachesite/component_context.hpp>
#include <cachesite/parameter.hpp>
#include <cachesite/queue.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string_view>

namespace cachesite {

/// Settings of a MemoryQueueSite, explained by `cachesite describe MemoryQueueSite` and configs/reference.md.
struct MemoryQueueSiteOptions {
  std::chrono::milliseconds redeliver_after{60'000};
  std::uint32_t max_deliveries = 0;
  std::uint64_t max_messages = 0;

  static ParameterTable parameters();
};

/// Queues within one process, for programs that need no more and for tests. They behave as those of
/// RedisStreamQueueSite do, and go with the process. A message that is destroyed without being acknowledged
/// is handed out again at once.
///
/// In a child that the process forks calls end with `closed`, and messages and consumers stay the parent's; a
/// child makes a component of its own.
class MemoryQueueSite final : public IQueueSite {
 public:
  using Options = MemoryQueueSiteOptions;

  explicit MemoryQueueSite(Options options = {}, const ComponentContext& context = {});
  ~MemoryQueueSite() override;

  void stop() noexcept override;
  [[nodiscard]] std::shared_ptr<IQueueProducer> get_producer(std::string_view name) override;
  [[nodiscard]] std::shared_ptr<IQueueConsumer> get_consumer(std::string_view name) override;
  Result<QueueCounts> counts(std::string_view name) noexcept override;

 private:
  class Inner;
  const std::shared_ptr<Inner> inner_;
};

}  // namespace cachesite
