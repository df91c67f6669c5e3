#include "backplane/bus.hpp"
#include "basics/checked_options.hpp"
#include "basics/inherited.hpp"
#include "redis_client/redis_client.hpp"

#include <cachesite/redis.hpp>
#include <cachesite/redis_backplane.hpp>

#include <memory>
#include <mutex>
#include <random>
#include <string_view>
#include <utility>

namespace cachesite {

using std::chrono::milliseconds;

namespace {

constexpr std::size_t longest_channel = 128;
constexpr milliseconds patience{500};  // of one attempt to publish

backplane::SourceId random_source() {
  backplane::SourceId source;
  std::random_device random;
  for (auto& byte : source)
    byte = static_cast<std::uint8_t>(random());
  return source;
}

}  // namespace

ParameterTable RedisBackplaneOptions::parameters() {
  using namespace std::chrono_literals;
  using O = RedisBackplaneOptions;
  return inherited_parameters<O, RedisClientOptions>().add(ParameterTable{
      parameter(
          "channel", &O::channel,
          "Name of what the processes share: the caches that hold the same entries. The channel of Redis is "
          "cachesite:news:1:<channel>.")
          .required(),
      parameter(
          "beat_interval", &O::beat_interval,
          "How often each process sends something at least; the same in all of them. One that is silent for "
          "twice as long makes copies doubtful.")
          .between(100ms, 1h),
      parameter(
          "queue", &O::queue,
          "Most changes that wait to be sent. When there are more, the others are told that everything has "
          "changed.")
          .at_least(1)
          .unit("changes"),
  }
                                                               .only_in_files());
}

std::vector<OptionComplaint> RedisBackplaneOptions::complaints() const {
  using namespace std::chrono_literals;
  auto complaints = RedisClientOptions::complaints();
  if (channel.empty() || channel.size() > longest_channel)
    complaints.push_back({"channel", "1 to 128 bytes"});
  if (beat_interval < 100ms || beat_interval > 1h) complaints.push_back({"beat_interval", "100 ms to 1 h"});
  if (queue == 0) complaints.push_back({"queue", "at least 1"});
  return complaints;
}

class RedisBackplane::Inner : public std::enable_shared_from_this<Inner> {
 public:
  Inner(const Options& options, const ComponentContext& context)
      : client(options, context),
        channel_("cachesite:news:1:" + options.channel),
        bus({random_source(), options.beat_interval, options.queue}, context,
            [this](std::string_view message) { return send(message); }) {}

  void watch(IBackplaneListener& listener, milliseconds proof) {
    bus.add(listener, proof, shared_from_this());
    listen();
  }
  void stop() noexcept {
    bus.stop();
    std::unique_ptr<IRedisSubscription> ended;
    if (!fork_mark_.forked()) {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
      ended = std::move(subscription_);
    }
    ended.reset();
    client.stop();
  }
  [[nodiscard]] bool is_used() const noexcept {
    if (fork_mark_.forked()) return false;
    const std::lock_guard lock(mutex_);
    return subscription_ != nullptr;
  }

  const redis::RedisClient client;

 private:
  void listen() {
    if (fork_mark_.forked()) return;
    const std::lock_guard lock(mutex_);
    if (subscription_ != nullptr || stopped_) return;
    RedisSubscriber subscriber;
    subscriber.channels.push_back(channel_);
    subscriber.on_message = [this](const RedisMessage& message) { bus.received(message.payload); };
    subscriber.on_lost = [this](const Error& reason) { bus.lost(reason); };
    subscriber.on_gap = [this](const RedisGap&) { bus.listening(); };
    bus.listening();
    subscription_ = client.redis()->subscribe(std::move(subscriber));
  }
  Status send(std::string_view message) {
    const auto sent = client.redis()->integer(RedisCommand("PUBLISH", channel_, message).timeout(patience));
    if (!sent.ok()) return sent.error();
    return Done{};
  }

  const std::string channel_;
  const basics::ForkMark fork_mark_;
  mutable std::mutex mutex_;
  bool stopped_ = false;

 public:
  backplane::Bus bus;

 private:
  std::unique_ptr<IRedisSubscription> subscription_;  // the last: its thread uses the bus
};

class RedisBackplane::Watch final : public IBackplaneWatch {
 public:
  Watch(std::shared_ptr<Inner> inner, IBackplaneListener& listener)
      : inner_(std::move(inner)), listener_(listener) {}
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  ~Watch() override { inner_->bus.remove(listener_); }

  void publish(std::span<const BackplaneChange> changes) noexcept override {
    inner_->bus.publish(changes, &listener_);
  }
  [[nodiscard]] BackplaneStatistics statistics() const noexcept override { return inner_->bus.statistics(); }
  [[nodiscard]] std::string reason() const override { return inner_->bus.reason(); }

 private:
  const std::shared_ptr<Inner> inner_;
  IBackplaneListener& listener_;
};

RedisBackplane::RedisBackplane(Options options, const ComponentContext& context)
    : inner_(basics::make_process_bound<Inner>(checked_options("RedisBackplane", std::move(options)),
                                               context)) {}

RedisBackplane::~RedisBackplane() {
  RedisBackplane::stop();
}

void RedisBackplane::start() {
  inner_->client.start();
}

void RedisBackplane::await_started() {
  inner_->client.await_started();
}

void RedisBackplane::stop() noexcept {
  inner_->stop();
}

Health RedisBackplane::health() const {
  auto health = inner_->client.health();
  if (health.state != HealthState::up || !inner_->is_used()) return health;
  auto reason = inner_->bus.reason();
  if (!reason.empty()) health = {HealthState::degraded, std::move(reason)};
  return health;
}

std::unique_ptr<IBackplaneWatch> RedisBackplane::watch(IBackplaneListener& listener, milliseconds proof) {
  auto watch = std::make_unique<Watch>(inner_, listener);
  inner_->watch(listener, proof);
  return watch;
}

}  // namespace cachesite
