#include "basics/checked_options.hpp"
#include "basics/inherited.hpp"
#include "basics/owner_names.hpp"
#include "coroutines/routine_operation.hpp"
#include "queue/consumer_list.hpp"
#include "queue/queue_names.hpp"
#include "queue/stream_consumer.hpp"
#include "queue/stream_queue.hpp"
#include "redis_client/redis_client.hpp"

#include <cachesite/detail/result_at_hand.hpp>
#include <cachesite/redis_stream_queue_site.hpp>

#include <optional>
#include <stop_token>
#include <utility>

namespace cachesite {

using queue::StreamConsumer;
using queue::StreamQueue;
using std::chrono::milliseconds;

namespace {

class StreamProducer final : public IQueueProducer {
 public:
  StreamProducer(StreamQueue queue, std::shared_ptr<basics::OwnerNames> names, std::stop_token stopped)
      : queue_(std::make_shared<const StreamQueue>(std::move(queue))),
        names_(std::move(names)),
        stopped_(std::move(stopped)) {}
  [[nodiscard]] const std::string& name() const noexcept override { return queue_->name; }

 protected:
  Result<std::string> do_send(ByteView message, milliseconds delay) override {
    if (stopped_.stop_requested()) return Error(ErrorCode::closed, "the queue is stopped");
    return queue_->send(message, delay, unique_for(delay));
  }
  std::unique_ptr<AsyncSend> do_make_send(ByteView message, milliseconds delay,
                                          std::optional<milliseconds> patience) override {
    if (stopped_.stop_requested())
      return detail::result_at_hand<Result<std::string>>(Error(ErrorCode::closed, "the queue is stopped"));
    return coroutines::make_operation<Result<std::string>>(
        coroutines::LoopAccess::of(*queue_->redis),
        [queue = queue_, message, delay, unique = unique_for(delay), patience](std::stop_token stop) {
          return send(queue, message, delay, unique, patience, std::move(stop));
        });
  }

 private:
  // A name that makes one of several delayed messages of the same content and time.
  [[nodiscard]] std::string unique_for(milliseconds delay) const {
    return delay.count() > 0 ? names_->next() : std::string();
  }
  static coroutines::Routine<Result<std::string>> send(std::shared_ptr<const StreamQueue> queue,
                                                       ByteView message, milliseconds delay,
                                                       std::string unique,
                                                       std::optional<milliseconds> patience,
                                                       std::stop_token stop) {
    queue::AwaitingAccess server(*queue->redis, patience, stop);
    auto sending = queue->send(server, message, delay, std::move(unique), stop);
    co_return co_await sending;
  }

  const std::shared_ptr<const StreamQueue> queue_;
  const std::shared_ptr<basics::OwnerNames> names_;
  const std::stop_token stopped_;
};

class SharedConsumer final : public IQueueConsumer {
 public:
  explicit SharedConsumer(std::shared_ptr<StreamConsumer> consumer) noexcept
      : consumer_(std::move(consumer)) {}
  [[nodiscard]] const std::string& name() const noexcept override { return consumer_->queue_name(); }

 protected:
  Result<std::optional<QueueMessage>> do_receive(milliseconds wait, const std::stop_token& stop) override {
    return consumer_->receive(wait, stop);
  }
  std::unique_ptr<AsyncReceive> do_make_receive(milliseconds wait,
                                                std::optional<milliseconds> patience) override {
    return coroutines::make_operation<StreamConsumer::Received>(
        consumer_->loop(), [consumer = consumer_, wait, patience](std::stop_token stop) {
          return consumer->async_receive(wait, patience, std::move(stop));
        });
  }

 private:
  const std::shared_ptr<StreamConsumer> consumer_;
};

}  // namespace

ParameterTable RedisStreamQueueSiteOptions::parameters() {
  using O = RedisStreamQueueSiteOptions;
  return inherited_parameters<O, RedisClientOptions>().add(ParameterTable{
      parameter("prefix", &O::prefix, "Put in front of every name: a queue is the stream <prefix><name>."),
      parameter("group", &O::group,
                "Consumers of one group share the messages. Each of several groups gets every message; that "
                "needs delete_acknowledged: false."),
      parameter("redeliver_after", &O::redeliver_after,
                "A message that is neither acknowledged nor kept for this long is delivered again, to any "
                "consumer. It should be longer than the work on one message.")
          .between(milliseconds(10), milliseconds(std::chrono::hours(24 * 365))),
      parameter("max_deliveries", &O::max_deliveries,
                "A message that was delivered this often without an acknowledgement is moved to the stream "
                "dead@<prefix><name>; 0: never."),
      parameter("batch", &O::batch,
                "Most messages that a consumer fetches at once; other consumers do not get them.")
          .between(1, 1000),
      parameter("poll_interval", &O::poll_interval,
                "How often a consumer looks for messages whose delay is over, and for messages that nobody "
                "acknowledged.")
          .between(milliseconds(1), milliseconds(60'000)),
      parameter("delete_acknowledged", &O::delete_acknowledged,
                "Whether an acknowledged message is deleted from the stream."),
      parameter("require_connection", &O::require_connection,
                "Whether get_producer and get_consumer throw while the server cannot be reached, as FivcGlue "
                "does."),
  }
                                                               .only_in_files());
}

std::vector<OptionComplaint> RedisStreamQueueSiteOptions::complaints() const {
  auto complaints = RedisClientOptions::complaints();
  if (group.empty()) complaints.push_back({"group", "a group needs a name"});
  if (poll_interval >= redeliver_after)
    complaints.push_back({"poll_interval", "poll_interval has to be shorter than redeliver_after"});
  return complaints;
}

class RedisStreamQueueSite::Inner {
 public:
  Inner(const Options& given, const ComponentContext& context)
      : options(given),
        user(given, context),
        scripts(std::make_shared<queue::StreamScripts>(*user.redis())),
        names(std::make_shared<basics::OwnerNames>()) {}

  StreamQueue queue_of(std::string_view name) const {
    queue::check_name(name);
    return {user.redis(), scripts, options, name};
  }

  std::shared_ptr<StreamConsumer> make_consumer(std::string_view name) {
    auto consumer = basics::make_process_bound<StreamConsumer>(queue_of(name), names->next());
    (void)consumers.add(consumer);
    return consumer;
  }

  const Options options;
  const redis::RedisClient user;
  const std::shared_ptr<const queue::StreamScripts> scripts;
  const std::shared_ptr<basics::OwnerNames> names;
  queue::ConsumerList<StreamConsumer> consumers;
};

RedisStreamQueueSite::RedisStreamQueueSite(Options options, const ComponentContext& context)
    : inner_(basics::make_process_bound<Inner>(checked_options("RedisStreamQueueSite", std::move(options)),
                                               context)) {}

RedisStreamQueueSite::~RedisStreamQueueSite() {
  RedisStreamQueueSite::stop();
}

void RedisStreamQueueSite::start() {
  inner_->user.start();
}

void RedisStreamQueueSite::await_started() {
  inner_->user.await_started();
}

void RedisStreamQueueSite::stop() noexcept {
  inner_->consumers.stop();
  inner_->user.stop();
}

Health RedisStreamQueueSite::health() const {
  return inner_->user.health();
}

std::shared_ptr<IQueueProducer> RedisStreamQueueSite::get_producer(std::string_view name) {
  if (inner_->options.require_connection && !inner_->user.reachable())
    queue::throw_not_connected("producer", name);
  return std::make_shared<StreamProducer>(inner_->queue_of(name), inner_->names, inner_->consumers.stopped());
}

std::shared_ptr<IQueueConsumer> RedisStreamQueueSite::get_consumer(std::string_view name) {
  if (inner_->options.require_connection && !inner_->user.reachable())
    queue::throw_not_connected("consumer", name);
  return std::make_shared<SharedConsumer>(inner_->make_consumer(name));
}

Result<QueueCounts> RedisStreamQueueSite::counts(std::string_view name) noexcept {
  return queue::guarded_counts([&] { return inner_->queue_of(name).counts(); });
}

}  // namespace cachesite
