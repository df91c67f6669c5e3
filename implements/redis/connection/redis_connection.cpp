#include "basics/checked_options.hpp"
#include "basics/inherited.hpp"
#include "redis/connection/async_command.hpp"
#include "redis/lent/exclusive_pool.hpp"
#include "redis/lent/exclusive_session.hpp"
#include "redis/lent/pipeline_result.hpp"
#include "redis/lent/raw_command.hpp"
#include "redis/lent/subscription.hpp"
#include "redis/news/news_feed.hpp"
#include "redis/settings/endpoint_settings.hpp"
#include "redis/topology/connection_handle.hpp"
#include "redis/topology/single_topology.hpp"
#include "redis/wire/script_digest.hpp"

#include <cachesite/detail/guarded_call.hpp>
#include <cachesite/i_event_loop.hpp>
#include <cachesite/redis_connection.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>

namespace cachesite {

using redis::CallTime;

namespace {

constexpr std::uint32_t usual_most_connections = 64;

Error stateful_error(const RedisCommand& command) {
  return Error(ErrorCode::bad_argument, std::string(command.name().substr(0, 16)) +
                                            " changes the connection, which others share; see open_session "
                                            "and subscribe");
}

RedisCommand script_command(std::string_view name, std::string_view which, std::span<const ByteView> keys,
                            std::span<const ByteView> arguments) {
  RedisCommand command(name, which, keys.size());
  for (const auto key : keys)
    command.add(key);
  for (const auto argument : arguments)
    command.add(argument);
  return command;
}

/// What a user holds of a subscription.
class SubscriptionHandle final : public IRedisSubscription {
 public:
  explicit SubscriptionHandle(std::shared_ptr<redis::Subscription> subscription) noexcept
      : subscription_(std::move(subscription)) {}
  ~SubscriptionHandle() override { subscription_->stop(); }

  void stop() noexcept override { subscription_->stop(); }
  [[nodiscard]] bool active() const noexcept override { return subscription_->active(); }
  bool wait_until_active(TimeSpan limit) noexcept override { return subscription_->wait_until_active(limit); }

 private:
  std::shared_ptr<redis::Subscription> subscription_;
};

}  // namespace

class RedisConnection::Inner {
 public:
  Inner(const Options& options, const ComponentContext& context)
      : settings(shared_settings(options)),
        patience(settings.connector.call_timeout),
        place("redis at " + settings.connector.address.text()),
        label(context.label),
        logger(context.logger),
        shared(make_shared_connection(settings, context)),
        pool(basics::make_process_bound<redis::ExclusivePool>(pool_options(options, settings))) {}

  static std::uint32_t most_connections(const Options& options) {
    return options.resolved().max_connections.value_or(usual_most_connections);
  }

  // At most half of all connections are shared, so that there are some to lend.
  static redis::EndpointOptions shared_settings(const Options& options) {
    RedisConnectionOptions shared = options.resolved();
    shared.max_connections = most_connections(options) / 2;
    return redis::endpoint_settings(shared, static_cast<std::size_t>(options.max_reply_bytes.bytes));
  }

  static std::chrono::milliseconds feed_pause(basics::BackOff::Pause pause) {
    return std::chrono::ceil<std::chrono::milliseconds>(pause);
  }

  static redis::ConnectionHandle make_shared_connection(const redis::EndpointOptions& settings,
                                                        const ComponentContext& context) {
    const auto topology =
        basics::make_process_bound<redis::SingleTopology>(settings, context.label, context.logger);
    return {topology, settings.connector.call_timeout,
            basics::make_process_bound<redis::NewsFeed>(
                topology, redis::NewsFeed::Options{context.label, context.logger, context.clock,
                                                   feed_pause(settings.first_pause),
                                                   feed_pause(settings.longest_pause)})};
  }

  static redis::ExclusivePool::Options pool_options(const Options& options,
                                                    const redis::EndpointOptions& settings) {
    redis::ExclusivePool::Options pool;
    pool.connector = settings.connector;
    pool.most = most_connections(options) - settings.channels.most();
    pool.longest_idle = options.max_idle_time;
    return pool;
  }

  static std::optional<Error> check_timeout(std::optional<std::chrono::milliseconds> timeout) {
    if (!timeout || timeout->count() >= 1) return std::nullopt;
    return Error(ErrorCode::bad_argument, "a timeout is at least 1 ms");
  }

  static std::optional<Error> check_pipeline(std::span<const RedisCommand> commands,
                                             std::optional<std::chrono::milliseconds> timeout) {
    const auto bad_timeout = check_timeout(timeout);
    for (const auto& command : commands) {
      auto problem = bad_timeout ? bad_timeout : redis::check_command(command);
      const auto nature = redis::nature_of(command);
      if (!problem && nature != redis::CommandNature::usual)
        problem.emplace(ErrorCode::bad_argument,
                        std::string(command.name().substr(0, 16)) + " is not allowed in a pipeline");
      if (problem) return problem;
    }
    return std::nullopt;
  }

  [[nodiscard]] CallTime time(std::optional<std::chrono::milliseconds> timeout) const {
    return CallTime::from_now(timeout.value_or(patience));
  }

  Result<RedisValue> call_shared(const RedisCommand& command) {
    redis::Reply reply;
    const redis::RawCommand raw(command);
    const auto status = shared.topology->execute(raw.command(), {}, reply, time(command.timeout()));
    if (!status.ok()) return status.error();
    return redis::to_result(std::move(reply), command);
  }

  Result<RedisValue> call_waiting(const RedisCommand& command, const std::stop_token& stop) {
    auto call_time = time(command.timeout());
    auto lease = pool->acquire(call_time.deadline, stop);
    if (!lease.ok()) return at_place(lease.error());
    auto& connection = lease_of(lease);
    if (!command.timeout()) {
      const auto waiting = redis::waiting_time(command);
      call_time = CallTime::from_now(patience);
      call_time.deadline = waiting ? call_time.deadline + *waiting : redis::TimePoint::max();
    }
    const std::stop_callback on_stop(stop, [&] { connection.interrupt(); });
    auto done = redis::run_pipeline(connection, {&command, 1}, call_time, place);
    if (done.failure) return done.failure_of(0);
    return redis::to_result(std::move(done.replies.front()), command);
  }

  static redis::ExclusiveConnection& lease_of(const Result<redis::ExclusivePool::Lease>& lease) {
    return *lease.value();
  }

  [[nodiscard]] Error at_place(const Error& error) const {
    return Error(error.code(), place + ": " + std::string(error.message()), error.outcome());
  }

  /// Sends commands from `results.size()` on. True when the rest may be sent on another connection.
  bool carry_on(std::span<const RedisCommand> commands, CallTime call_time, bool last_attempt,
                std::vector<Result<RedisValue>>& results) {
    const auto rest = commands.subspan(results.size());
    auto lease = pool->acquire(call_time.deadline);
    if (!lease.ok()) {
      const Error error = at_place(lease.error());
      while (results.size() < commands.size())
        results.emplace_back(error);
      return false;
    }
    auto done = redis::run_pipeline(lease_of(lease), rest, call_time, place);
    const std::size_t answered = done.replies.size();
    for (std::size_t index = 0; index < answered; ++index)
      results.push_back(redis::to_result(std::move(done.replies[index]), rest[index]));
    if (!done.failure) return false;
    const auto unanswered = rest.subspan(answered, std::max(done.sent, answered) - answered);
    const bool harmless = std::all_of(unanswered.begin(), unanswered.end(),
                                      [](const RedisCommand& command) { return command.is_repeatable(); });
    if (!last_attempt && harmless && done.failure->code() == ErrorCode::unreachable) return true;
    for (std::size_t index = answered; index < rest.size(); ++index)
      results.emplace_back(done.failure_of(index));
    return false;
  }

  const redis::EndpointOptions settings;
  const std::chrono::milliseconds patience;
  const std::string place;
  const std::string label;
  const std::shared_ptr<ILogger> logger;
  const redis::ConnectionHandle shared;
  const std::shared_ptr<redis::ExclusivePool> pool;
  const basics::ForkMark fork_mark;
  std::mutex mutex;
  std::vector<std::weak_ptr<redis::Subscription>> subscriptions;
  bool stopped = false;
};

RedisConnectionComponentOptions::RedisConnectionComponentOptions() : SessionOptions("redis") {}

ParameterTable RedisConnectionComponentOptions::parameters() {
  using O = RedisConnectionComponentOptions;
  using std::chrono::milliseconds;
  auto table = inherited_parameters<O, RedisConnectionOptions>();
  table.add(inherited_parameters<O, SessionOptions>());
  return table.add(ParameterTable{
      parameter("max_reply_bytes", &O::max_reply_bytes,
                "A longer text in a reply closes the connection that it came on.")
          .between(ByteSize{1024}, ByteSize{std::uint64_t{512} * 1024 * 1024}),
      parameter("max_idle_time", &O::max_idle_time,
                "A lent connection that is given back and unused for this long is closed.")
          .between(milliseconds(1), milliseconds(std::chrono::hours(24))),
  });
}

std::vector<OptionComplaint> RedisConnectionComponentOptions::complaints() const {
  auto complaints = RedisConnectionOptions::complaints();
  if (complaints.empty() && resolved().max_connections == 1U)
    complaints.push_back({"max_connections", "a RedisConnection needs 2: one shared, one to lend"});
  // Sessions, transactions and subscriptions live on one connection: the server at its other end must not
  // change under them, as it does with a fail-over, nor depend on the keys.
  for (const auto& [parameter, given] :
       {std::pair("sentinels", !sentinels.empty()), std::pair("startup_nodes", !startup_nodes.empty())})
    if (given)
      complaints.push_back(
          {parameter, std::string(parameter) +
                          " are for a RedisCache; the sessions, transactions and subscriptions of a "
                          "RedisConnection belong to one server, which a fail-over or a key would change"});
  return complaints;
}

RedisConnection::RedisConnection(Options options, const ComponentContext& context)
    : inner_(basics::make_process_bound<Inner>(checked_options("RedisConnection", std::move(options)),
                                               context)) {}

RedisConnection::~RedisConnection() {
  RedisConnection::stop();
}

void RedisConnection::start() {
  inner_->shared.topology->start();
}

void RedisConnection::await_started() {
  inner_->shared.topology->await_started();
}

void RedisConnection::stop() noexcept {
  auto& inner = *inner_;
  if (inner.fork_mark.forked()) return;
  std::vector<std::weak_ptr<redis::Subscription>> subscriptions;
  {
    const std::lock_guard lock(inner.mutex);
    inner.stopped = true;
    subscriptions.swap(inner.subscriptions);
  }
  inner.shared.feed->stop();
  inner.pool->stop();
  for (const auto& weak : subscriptions)
    if (const auto subscription = weak.lock()) subscription->stop();
  inner.shared.topology->stop();
}

Health RedisConnection::health() const {
  return inner_->shared.topology->health();
}

std::unique_ptr<IFeedWatch> RedisConnection::watch(std::string prefix, FeedOptions options,
                                                   IFeedListener& listener) {
  return inner_->shared.feed->watch(std::move(prefix), 0, options, listener);
}

std::string_view RedisConnection::obstacle() const noexcept {
  return inner_->shared.feed->obstacle();
}

std::vector<RedisEndpointStatistics> RedisConnection::endpoint_statistics() const {
  return inner_->shared.topology->statistics();
}

std::size_t RedisConnection::lent_connections() const {
  return inner_->pool->size();
}

const redis::ConnectionHandle* RedisConnection::connection_handle() const noexcept {
  return &inner_->shared;
}

void* RedisConnection::interface_of_part(const InterfaceId& interface_id) const noexcept {
  if (interface_id.name != IEventLoop::interface_name) return nullptr;
  const auto& topology = inner_->shared.topology;
  return guarded_call<IEventLoop*>([&] { return topology->only_endpoint()->event_loop(); }).value_or(nullptr);
}

Result<RedisValue> RedisConnection::do_call(const RedisCommand& command, const std::stop_token& stop) {
  if (auto problem = redis::check_command(command)) return *problem;
  switch (redis::nature_of(command)) {
    case redis::CommandNature::usual:
      return inner_->call_shared(command);
    case redis::CommandNature::waiting:
      return inner_->call_waiting(command, stop);
    case redis::CommandNature::stateful:
    case redis::CommandNature::streaming:
      break;
  }
  return stateful_error(command);
}

std::vector<Result<RedisValue>> RedisConnection::do_pipeline(
    std::span<const RedisCommand> commands, std::optional<std::chrono::milliseconds> timeout) {
  std::vector<Result<RedisValue>> results;
  results.reserve(commands.size());
  if (commands.empty()) return results;
  if (const auto problem = Inner::check_pipeline(commands, timeout)) {
    results.assign(commands.size(), Result<RedisValue>(*problem));
    return results;
  }
  const auto time = inner_->time(timeout);
  if (inner_->carry_on(commands, time, false, results)) inner_->carry_on(commands, time, true, results);
  return results;
}

std::unique_ptr<IRedis::AsyncAnswer> RedisConnection::do_make_call(
    const RedisCommand& command, std::optional<std::chrono::milliseconds> patience) {
  using Refusal = redis::AsyncRefusal<Result<RedisValue>>;
  auto problem = Inner::check_timeout(patience);
  if (!problem) problem = redis::check_command(command);
  const auto nature = redis::nature_of(command);
  if (!problem && nature == redis::CommandNature::waiting)
    problem.emplace(ErrorCode::unsupported,
                    std::string(command.name().substr(0, 16)) + " waits at the server: call it on a thread");
  if (!problem && nature != redis::CommandNature::usual) problem = stateful_error(command);
  if (problem) return std::make_unique<Refusal>(*problem);
  return std::make_unique<redis::AsyncCommand>(
      *inner_->shared.topology->only_endpoint(), command,
      patience.value_or(command.timeout().value_or(inner_->patience)));
}

std::unique_ptr<IRedis::AsyncAnswers> RedisConnection::do_make_pipeline(
    std::span<const RedisCommand> commands, std::optional<std::chrono::milliseconds> patience) {
  using Refusal = redis::AsyncRefusal<Result<std::vector<Result<RedisValue>>>>;
  if (const auto problem = Inner::check_pipeline(commands, patience))
    return std::make_unique<Refusal>(*problem);
  return std::make_unique<redis::AsyncPipeline>(*inner_->shared.topology->only_endpoint(), commands,
                                                patience.value_or(inner_->patience));
}

Result<std::unique_ptr<IRedisSession>> RedisConnection::do_open_session(
    std::optional<std::chrono::milliseconds> timeout) {
  if (auto problem = Inner::check_timeout(timeout)) return *problem;
  auto lease = inner_->pool->acquire(inner_->time(timeout).deadline);
  if (!lease.ok()) return inner_->at_place(lease.error());
  return std::unique_ptr<IRedisSession>(std::make_unique<redis::ExclusiveSession>(
      inner_->pool, std::move(lease).value(), inner_->patience, inner_->place));
}

RedisScript RedisConnection::make_script(std::string text) const {
  auto digest = redis::script_digest(text);
  return {std::move(text), std::move(digest)};
}

Result<RedisValue> RedisConnection::do_run(const RedisScript& script, std::span<const ByteView> keys,
                                           std::span<const ByteView> arguments,
                                           std::optional<std::chrono::milliseconds> timeout) {
  if (auto problem = Inner::check_timeout(timeout)) return *problem;
  const auto time = inner_->time(timeout);
  const auto command = [&](std::string_view name, std::string_view which) {
    RedisCommand made = script_command(name, which, keys, arguments);
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(time.deadline - redis::SteadyTime::now());
    made.timeout(std::max(left, std::chrono::milliseconds(1)));
    return made;
  };
  auto result = do_call(command("EVALSHA", script.sha1()), {});
  if (result.ok() || result.error().code() != ErrorCode::refused ||
      !result.error().message().starts_with("NOSCRIPT"))
    return result;
  return do_call(command("EVAL", script.text()), {});
}

std::unique_ptr<IRedis::AsyncAnswer> RedisConnection::do_make_run(
    const RedisScript& script, std::span<const ByteView> keys, std::span<const ByteView> arguments,
    std::optional<std::chrono::milliseconds> patience) {
  if (auto problem = Inner::check_timeout(patience))
    return std::make_unique<redis::AsyncRefusal<Result<RedisValue>>>(*problem);
  return std::make_unique<redis::AsyncCommand>(
      *inner_->shared.topology->only_endpoint(), script_command("EVALSHA", script.sha1(), keys, arguments),
      script_command("EVAL", script.text(), keys, arguments), patience.value_or(inner_->patience));
}

std::unique_ptr<IRedisSubscription> RedisConnection::subscribe(RedisSubscriber subscriber) {
  if (subscriber.channels.empty() && subscriber.patterns.empty())
    throw std::invalid_argument("a subscription needs a channel or a pattern");
  auto& inner = *inner_;
  redis::Subscription::Options options;
  options.connector = inner.settings.connector;
  options.first_pause = inner.settings.first_pause;
  options.longest_pause = inner.settings.longest_pause;
  options.patience = inner.patience;
  options.label = inner.label;
  options.place = inner.place;
  options.logger = inner.logger;
  const auto subscription =
      basics::make_process_bound<redis::Subscription>(std::move(options), std::move(subscriber));
  auto handle =
      std::make_unique<SubscriptionHandle>(subscription);  // stops it when something fails from here on
  if (inner.fork_mark.forked()) {
    subscription->stop();
  } else {
    const std::lock_guard lock(inner.mutex);
    std::erase_if(inner.subscriptions, [](const auto& weak) { return weak.expired(); });
    inner.subscriptions.push_back(subscription);
    if (inner.stopped)
      subscription->stop();
    else
      subscription->start();
  }
  return handle;
}

}  // namespace cachesite
