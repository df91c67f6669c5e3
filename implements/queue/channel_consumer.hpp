#pragma once

#include "basics/condition.hpp"
#include "coroutines/pause_list.hpp"
#include "coroutines/routine.hpp"

#include <cachesite/logger.hpp>
#include <cachesite/queue.hpp>
#include <cachesite/redis.hpp>

#include <chrono>
#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

namespace cachesite::queue {

/// A subscription to one channel and the messages that came and were not taken yet. In a forked child calls
/// end with `closed`.
class ChannelConsumer final : public IQueueConsumer {
 public:
  struct Options {
    std::string name;
    std::string channel;
    std::size_t most_buffered = 10'000;
    std::string label;
    std::shared_ptr<ILogger> logger;
  };

  ChannelConsumer(IRedis& redis, Options options);
  ~ChannelConsumer() override;

  [[nodiscard]] const std::string& name() const noexcept override { return inbox_->options.name; }
  bool wait_until_subscribed(std::chrono::milliseconds limit) noexcept;
  void stop() noexcept override;

 protected:
  Result<std::optional<QueueMessage>> do_receive(std::chrono::milliseconds wait,
                                                 const std::stop_token& stop) override;
  std::unique_ptr<AsyncReceive> do_make_receive(std::chrono::milliseconds wait,
                                                std::optional<std::chrono::milliseconds> patience) override;

 private:
  using Received = Result<std::optional<QueueMessage>>;

  struct Inbox {
    explicit Inbox(Options given) : options(std::move(given)) {}
    void put(std::string_view payload) noexcept;
    // With the lock. No message: there is none now.
    Received take_next(const std::stop_token& stop);

    const Options options;
    std::mutex mutex;
    basics::AnyCondition changed;
    coroutines::PauseList pauses;  // of those who have no thread that waits
    std::list<Value> messages;
    std::size_t dropped = 0;
    bool stopped = false;
  };

  static coroutines::Routine<Received> async_receive(std::shared_ptr<Inbox> inbox,
                                                     std::chrono::milliseconds wait,
                                                     std::optional<std::chrono::milliseconds> patience,
                                                     std::stop_token stop);

  const basics::ForkMark fork_mark_;
  const std::shared_ptr<Inbox> inbox_;
  const std::unique_ptr<IRedisSubscription> subscription_;
};

}  // namespace cachesite::queue
