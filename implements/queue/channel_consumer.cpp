#include "queue/channel_consumer.hpp"

#include "basics/guarded_log.hpp"
#include "basics/inherited.hpp"
#include "coroutines/routine_operation.hpp"

#include <cachesite/detail/result_at_hand.hpp>

#include <algorithm>
#include <new>
#include <utility>

namespace cachesite::queue {

namespace {

std::unique_ptr<IRedisSubscription> subscribe(IRedis& redis, const std::string& channel,
                                              std::function<void(const RedisMessage&)> on_message) {
  RedisSubscriber subscriber;
  subscriber.channels.push_back(channel);
  subscriber.on_message = std::move(on_message);
  return redis.subscribe(std::move(subscriber));
}

}  // namespace

void ChannelConsumer::Inbox::put(std::string_view payload) noexcept {
  std::size_t lost = 0;
  try {
    std::list<Value> one;
    one.emplace_back(ByteView(payload));
    const std::lock_guard lock(mutex);
    if (messages.size() >= options.most_buffered) {
      messages.pop_front();
      lost = ++dropped;
    }
    messages.splice(messages.end(), one);
    changed.notify_one();
    pauses.wake_all();
  } catch (const std::bad_alloc&) {
    const std::lock_guard lock(mutex);
    lost = ++dropped;
  }
  // At the first, and then at each doubling.
  if (lost != 0 && (lost & (lost - 1)) == 0)
    basics::log_guarded(*options.logger, LogLevel::warning, "queue", [&] {
      return options.label + ": a consumer of \"" + options.name + "\" is too slow, or memory is short; " +
             std::to_string(lost) + " messages are lost so far";
    });
}

ChannelConsumer::ChannelConsumer(IRedis& redis, Options options)
    : inbox_(basics::make_process_bound<Inbox>(std::move(options))),
      subscription_(subscribe(redis, inbox_->options.channel, [inbox = inbox_](const RedisMessage& message) {
        inbox->put(message.payload);
      })) {}

ChannelConsumer::~ChannelConsumer() {
  ChannelConsumer::stop();
}

bool ChannelConsumer::wait_until_subscribed(std::chrono::milliseconds limit) noexcept {
  return subscription_->wait_until_active(limit);
}

void ChannelConsumer::stop() noexcept {
  if (fork_mark_.forked()) return;
  subscription_->stop();
  const std::lock_guard lock(inbox_->mutex);
  inbox_->stopped = true;
  inbox_->changed.notify_all();
  inbox_->pauses.wake_all();
}

Result<std::optional<QueueMessage>> ChannelConsumer::do_receive(std::chrono::milliseconds wait,
                                                                const std::stop_token& stop) {
  if (fork_mark_.forked()) return basics::forked_error();
  auto& inbox = *inbox_;
  std::unique_lock lock(inbox.mutex);
  inbox.changed.wait_for(lock, stop, wait, [&] { return inbox.stopped || !inbox.messages.empty(); });
  return inbox.take_next(stop);
}

ChannelConsumer::Received ChannelConsumer::Inbox::take_next(const std::stop_token& stop) {
  if (stopped || stop.stop_requested()) return Error(ErrorCode::closed, "the queue or the wait was stopped");
  if (messages.empty()) return std::optional<QueueMessage>();
  Value body = std::move(messages.front());
  messages.pop_front();
  return std::optional<QueueMessage>(QueueMessage(std::move(body), {}, 1, nullptr));
}

std::unique_ptr<IQueueConsumer::AsyncReceive> ChannelConsumer::do_make_receive(
    std::chrono::milliseconds wait, std::optional<std::chrono::milliseconds> patience) {
  if (fork_mark_.forked()) return detail::result_at_hand<Received>(basics::forked_error());
  return coroutines::make_operation<Received>(coroutines::LoopAccess::shared(),
                                              [inbox = inbox_, wait, patience](std::stop_token stop) {
                                                return async_receive(inbox, wait, patience, std::move(stop));
                                              });
}

coroutines::Routine<ChannelConsumer::Received> ChannelConsumer::async_receive(
    std::shared_ptr<Inbox> inbox, std::chrono::milliseconds wait,
    std::optional<std::chrono::milliseconds> patience, std::stop_token stop) {
  coroutines::Pause pause(coroutines::LoopAccess::shared());
  const auto length = patience ? std::min(wait, *patience) : wait;
  const auto deadline = pause.now() + length;
  const coroutines::PauseList::Place place(inbox->pauses, inbox->mutex, pause);
  for (;;) {
    std::unique_lock lock(inbox->mutex);
    auto next = inbox->take_next(stop);
    lock.unlock();
    if (!next.ok() || next.value()) co_return next;
    if (pause.now() >= deadline && length < wait)
      co_return Error(ErrorCode::timeout, "no message came for as long as its receiver waits");
    if (pause.now() >= deadline) co_return next;
    co_await pause.until(deadline, stop);
  }
}

}  // namespace cachesite::queue
