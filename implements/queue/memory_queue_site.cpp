#include "basics/inherited.hpp"
#include "coroutines/routine_operation.hpp"
#include "queue/memory_queue.hpp"
#include "queue/queue_names.hpp"

#include <cachesite/detail/result_at_hand.hpp>
#include <cachesite/memory_queue_site.hpp>

#include <map>
#include <mutex>
#include <string>
#include <utility>

namespace cachesite {

using queue::MemoryQueue;
using std::chrono::milliseconds;

namespace {

class Producer final : public IQueueProducer {
 public:
  explicit Producer(std::shared_ptr<MemoryQueue> queue) noexcept : queue_(std::move(queue)) {}
  [[nodiscard]] const std::string& name() const noexcept override { return queue_->name(); }

 protected:
  Result<std::string> do_send(ByteView message, milliseconds delay) override {
    return queue_->send(message, delay);
  }
  std::unique_ptr<AsyncSend> do_make_send(ByteView message, milliseconds delay,
                                          std::optional<milliseconds>) override {
    return detail::call_at_once<Result<std::string>>(
        [queue = queue_, message, delay] { return queue->send(message, delay); });
  }

 private:
  const std::shared_ptr<MemoryQueue> queue_;
};

class Consumer final : public IQueueConsumer {
 public:
  explicit Consumer(std::shared_ptr<MemoryQueue> queue) noexcept : queue_(std::move(queue)) {}
  [[nodiscard]] const std::string& name() const noexcept override { return queue_->name(); }

 protected:
  Result<std::optional<QueueMessage>> do_receive(milliseconds wait, const std::stop_token& stop) override {
    return queue_->receive(wait, stop);
  }
  std::unique_ptr<AsyncReceive> do_make_receive(milliseconds wait,
                                                std::optional<milliseconds> patience) override {
    return coroutines::make_operation<Result<std::optional<QueueMessage>>>(
        coroutines::LoopAccess::shared(), [queue = queue_, wait, patience](std::stop_token stop) {
          return queue->async_receive(wait, patience, std::move(stop));
        });
  }

 private:
  const std::shared_ptr<MemoryQueue> queue_;
};

}  // namespace

ParameterTable MemoryQueueSiteOptions::parameters() {
  using O = MemoryQueueSiteOptions;
  return {
      parameter("redeliver_after", &O::redeliver_after,
                "A message that is neither acknowledged nor kept for this long is delivered again.")
          .between(milliseconds(1), milliseconds(std::chrono::hours(24 * 365))),
      parameter("max_deliveries", &O::max_deliveries,
                "A message that was delivered this often without an acknowledgement is dropped; 0: never."),
      parameter("max_messages", &O::max_messages,
                "A queue with this many messages refuses more; 0: no limit."),
  };
}

class MemoryQueueSite::Inner {
 public:
  Inner(const Options& given, std::shared_ptr<const IClock> time) : options(given), clock(std::move(time)) {}

  // A queue stays as long as the site, since messages may wait in it.
  std::shared_ptr<MemoryQueue> queue_of(std::string_view name) {
    queue::check_name(name);
    if (fork_mark.forked()) return stopped_queue(name);
    const std::lock_guard lock(mutex);
    const auto found = all.find(name);
    if (found != all.end()) return found->second;
    auto queue = basics::make_process_bound<MemoryQueue>(std::string(name), options, clock);
    if (stopped) queue->stop();
    all.emplace(std::string(name), queue);
    return queue;
  }

  [[nodiscard]] std::shared_ptr<MemoryQueue> stopped_queue(std::string_view name) const {
    auto queue = std::make_shared<MemoryQueue>(std::string(name), options, clock);
    queue->stop();
    return queue;
  }

  const Options options;
  const std::shared_ptr<const IClock> clock;
  const basics::ForkMark fork_mark;
  std::mutex mutex;
  std::map<std::string, std::shared_ptr<MemoryQueue>, std::less<>> all;
  bool stopped = false;
};

MemoryQueueSite::MemoryQueueSite(Options options, const ComponentContext& context)
    : inner_(basics::make_process_bound<Inner>(options, context.clock)) {}

MemoryQueueSite::~MemoryQueueSite() {
  MemoryQueueSite::stop();
}

void MemoryQueueSite::stop() noexcept {
  if (inner_->fork_mark.forked()) return;
  const std::lock_guard lock(inner_->mutex);
  inner_->stopped = true;
  for (const auto& [name, queue] : inner_->all)
    queue->stop();
}

std::shared_ptr<IQueueProducer> MemoryQueueSite::get_producer(std::string_view name) {
  return std::make_shared<Producer>(inner_->queue_of(name));
}

std::shared_ptr<IQueueConsumer> MemoryQueueSite::get_consumer(std::string_view name) {
  return std::make_shared<Consumer>(inner_->queue_of(name));
}

Result<QueueCounts> MemoryQueueSite::counts(std::string_view name) noexcept {
  if (inner_->fork_mark.forked()) return basics::forked_error();
  return queue::guarded_counts([&] { return inner_->queue_of(name)->counts(); });
}

}  // namespace cachesite
