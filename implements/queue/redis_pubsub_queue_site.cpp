#include "basics/checked_options.hpp"
#include "basics/inherited.hpp"
#include "coroutines/routine_operation.hpp"
#include "queue/channel_consumer.hpp"
#include "queue/consumer_list.hpp"
#include "queue/queue_names.hpp"
#include "redis_client/async_calls.hpp"
#include "redis_client/redis_client.hpp"

#include <cachesite/detail/result_at_hand.hpp>
#include <cachesite/redis_pubsub_queue_site.hpp>

#include <optional>
#include <stop_token>
#include <utility>

namespace cachesite {

using queue::ChannelConsumer;
using std::chrono::milliseconds;

namespace {

class ChannelProducer final : public IQueueProducer {
 public:
  ChannelProducer(std::shared_ptr<IRedis> redis, const std::string& prefix, std::string_view name,
                  std::stop_token stopped)
      : redis_(std::move(redis)), name_(name), channel_(prefix + name_), stopped_(std::move(stopped)) {}
  [[nodiscard]] const std::string& name() const noexcept override { return name_; }

 protected:
  Result<std::string> do_send(ByteView message, milliseconds delay) override {
    if (auto problem = complaint(delay)) return *problem;
    const auto sent = redis_->integer(RedisCommand("PUBLISH", channel_, message));
    if (!sent.ok()) return sent.error();
    return std::string();
  }
  std::unique_ptr<AsyncSend> do_make_send(ByteView message, milliseconds delay,
                                          std::optional<milliseconds> patience) override {
    if (auto problem = complaint(delay)) return detail::result_at_hand<Result<std::string>>(*problem);
    return coroutines::make_operation<Result<std::string>>(
        coroutines::LoopAccess::of(*redis_),
        [redis = redis_, channel = channel_, message, patience](std::stop_token stop) {
          return publish(redis, channel, message, patience, std::move(stop));
        });
  }

 private:
  [[nodiscard]] std::optional<Error> complaint(milliseconds delay) const {
    if (stopped_.stop_requested()) return Error(ErrorCode::closed, "the queue is stopped");
    if (delay.count() <= 0) return std::nullopt;
    return Error(ErrorCode::bad_argument, "publish and subscribe has no delays: nobody keeps a message");
  }
  // The message is valid until it waits for the answer.
  static coroutines::Routine<Result<std::string>> publish(std::shared_ptr<IRedis> redis, std::string channel,
                                                          ByteView message,
                                                          std::optional<milliseconds> patience,
                                                          std::stop_token stop) {
    const RedisCommand command("PUBLISH", channel, message);
    auto asked = redis::call_without_thread(*redis, command, patience, std::move(stop));
    const auto reply = co_await asked;
    if (!reply.ok()) co_return reply.error();
    co_return std::string();
  }

  const std::shared_ptr<IRedis> redis_;
  const std::string name_;
  const std::string channel_;
  const std::stop_token stopped_;
};

}  // namespace

ParameterTable RedisPubSubQueueSiteOptions::parameters() {
  using O = RedisPubSubQueueSiteOptions;
  return inherited_parameters<O, RedisClientOptions>().add(ParameterTable{
      parameter("prefix", &O::prefix, "Put in front of every name: a queue is the channel <prefix><name>."),
      parameter("max_buffered", &O::max_buffered,
                "Most messages that wait in a consumer; beyond that the oldest is dropped, with a warning.")
          .at_least(1),
      parameter("subscribe_timeout", &O::subscribe_timeout,
                "Longest time that get_consumer waits for the server to confirm the subscription.")
          .between(milliseconds(0), milliseconds(60'000)),
      parameter("require_connection", &O::require_connection,
                "Whether get_producer and get_consumer throw while the server cannot be reached, as FivcGlue "
                "does."),
  }
                                                               .only_in_files());
}

std::vector<OptionComplaint> RedisPubSubQueueSiteOptions::complaints() const {
  return RedisClientOptions::complaints();
}

class RedisPubSubQueueSite::Inner {
 public:
  Inner(const Options& given, const ComponentContext& where)
      : options(given), context(where), user(given, where) {}

  void check(const char* end, std::string_view name) const {
    queue::check_name(name);
    if (options.require_connection && !user.reachable()) queue::throw_not_connected(end, name);
  }

  const Options options;
  const ComponentContext context;
  const redis::RedisClient user;
  queue::ConsumerList<ChannelConsumer> consumers;
};

RedisPubSubQueueSite::RedisPubSubQueueSite(Options options, const ComponentContext& context)
    : inner_(basics::make_process_bound<Inner>(checked_options("RedisPubSubQueueSite", std::move(options)),
                                               context)) {}

RedisPubSubQueueSite::~RedisPubSubQueueSite() {
  RedisPubSubQueueSite::stop();
}

void RedisPubSubQueueSite::start() {
  inner_->user.start();
}

void RedisPubSubQueueSite::await_started() {
  inner_->user.await_started();
}

void RedisPubSubQueueSite::stop() noexcept {
  inner_->consumers.stop();
  inner_->user.stop();
}

Health RedisPubSubQueueSite::health() const {
  return inner_->user.health();
}

std::shared_ptr<IQueueProducer> RedisPubSubQueueSite::get_producer(std::string_view name) {
  inner_->check("producer", name);
  return std::make_shared<ChannelProducer>(inner_->user.redis(), inner_->options.prefix, name,
                                           inner_->consumers.stopped());
}

std::shared_ptr<IQueueConsumer> RedisPubSubQueueSite::get_consumer(std::string_view name) {
  auto& inner = *inner_;
  inner.check("consumer", name);
  auto consumer = basics::make_process_bound<ChannelConsumer>(
      *inner.user.redis(),
      ChannelConsumer::Options{std::string(name), inner.options.prefix + std::string(name),
                               inner.options.max_buffered, inner.context.label, inner.context.logger});
  if (inner.consumers.add(consumer)) (void)consumer->wait_until_subscribed(inner.options.subscribe_timeout);
  return consumer;
}

Result<QueueCounts> RedisPubSubQueueSite::counts(std::string_view name) noexcept {
  return queue::guarded_counts([&]() -> Result<QueueCounts> {
    queue::check_name(name);
    return QueueCounts{};
  });
}

}  // namespace cachesite
