#include "queue/channel_consumer.hpp"

#include "basics/guarded_log.hpp"
#include "basics/inherited.hpp"

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
}

Result<std::optional<QueueMessage>> ChannelConsumer::do_receive(std::chrono::milliseconds wait,
                                                                const std::stop_token& stop) {
  if (fork_mark_.forked()) return basics::forked_error();
  auto& inbox = *inbox_;
  std::unique_lock lock(inbox.mutex);
  inbox.changed.wait_for(lock, stop, wait, [&] { return inbox.stopped || !inbox.messages.empty(); });
  if (inbox.stopped || stop.stop_requested())
    return Error(ErrorCode::closed, "the queue or the wait was stopped");
  if (inbox.messages.empty()) return std::optional<QueueMessage>();
  Value body = std::move(inbox.messages.front());
  inbox.messages.pop_front();
  return std::optional<QueueMessage>(QueueMessage(std::move(body), {}, 1, nullptr));
}

}  // namespace cachesite::queue
