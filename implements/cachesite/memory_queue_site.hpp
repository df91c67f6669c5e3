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

/// Queues within one process, also for tests. They behave like those of RedisStreamQueueSite, and end with
/// the process. A message that is destroyed without an acknowledgement is delivered again at once.
///
/// In a forked child every call fails with `closed`, and the messages and consumers belong to the parent; the
/// child creates its own component.
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
