#pragma once

#include "detached.hpp"
#include "redis/endpoint/endpoint_call.hpp"
#include "redis/topology/single_topology.hpp"

#include <cachesite/async_call.hpp>
#include <cachesite/event_loop.hpp>
#include <cachesite/metrics_cache.hpp>
#include <cachesite/prefix_cache.hpp>
#include <cachesite/redis_cache.hpp>

#include <array>
#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>

#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <sys/epoll.h>
#include <unistd.h>

/// Clients that GET one value of 37 bytes by many callers on one thread.
namespace bench {

using namespace std::chrono_literals;

inline const std::string stored(37, 'v');
inline constexpr const char* stored_key = "bench:key";

class Client {
 public:
  virtual ~Client() = default;
  /// `count` GETs, by so many callers each of whom asks again when it has its answer.
  virtual void run(std::size_t callers, std::size_t count) = 0;
};

/// The least that hiredis needs of an event loop.
class Hiredis final : public Client {
 public:
  explicit Hiredis(std::uint16_t port) : epoll_(::epoll_create1(0)) {
    context_ = ::redisAsyncConnect("127.0.0.1", port);
    context_->ev.data = this;
    context_->ev.addRead = [](void* self) { static_cast<Hiredis*>(self)->watch(EPOLLIN, true); };
    context_->ev.delRead = [](void* self) { static_cast<Hiredis*>(self)->watch(EPOLLIN, false); };
    context_->ev.addWrite = [](void* self) { static_cast<Hiredis*>(self)->watch(EPOLLOUT, true); };
    context_->ev.delWrite = [](void* self) { static_cast<Hiredis*>(self)->watch(EPOLLOUT, false); };
    epoll_event event{};
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, context_->c.fd, &event);
    watch(EPOLLOUT, true);
  }
  ~Hiredis() override {
    context_->ev = {};
    ::redisAsyncFree(context_);
    ::close(epoll_);
  }
  void run(std::size_t callers, std::size_t count) override {
    left_ = count;
    under_way_ = 0;
    for (std::size_t caller = 0; caller < callers; ++caller)
      ask();
    while (under_way_ != 0) {
      epoll_event event{};
      if (::epoll_wait(epoll_, &event, 1, -1) != 1) continue;
      if ((event.events & EPOLLIN) != 0) ::redisAsyncHandleRead(context_);
      if ((event.events & EPOLLOUT) != 0) ::redisAsyncHandleWrite(context_);
    }
  }

 private:
  void ask() {
    if (left_ == 0) return;
    --left_;
    ++under_way_;
    const char* words[] = {"GET", stored_key};
    const std::size_t sizes[] = {3, 9};
    ::redisAsyncCommandArgv(
        context_,
        [](redisAsyncContext*, void* answer, void* self) {
          const auto* const reply = static_cast<redisReply*>(answer);
          if (reply == nullptr || reply->type != REDIS_REPLY_STRING) std::abort();
          auto& client = *static_cast<Hiredis*>(self);
          --client.under_way_;
          client.ask();
        },
        this, 2, words, sizes);
  }
  void watch(std::uint32_t what, bool wanted) {
    const auto events = wanted ? events_ | what : events_ & ~what;
    if (events == events_) return;
    events_ = events;
    epoll_event event{};
    event.events = events_;
    ::epoll_ctl(epoll_, EPOLL_CTL_MOD, context_->c.fd, &event);
  }

  int epoll_;
  redisAsyncContext* context_;
  std::uint32_t events_ = 0;
  std::size_t left_ = 0;
  std::size_t under_way_ = 0;
};

/// Callers that are coroutines on a loop which this thread runs.
class Coroutines : public Client {
 public:
  Coroutines() {
    cachesite::EventLoopOptions options;
    options.threads = 0;
    loop_ = std::make_shared<cachesite::EventLoop>(options);
  }
  void run(std::size_t callers, std::size_t count) final {
    left_ = count;
    under_way_ = callers;
    stop_ = std::stop_source();
    for (std::size_t caller = 0; caller < callers; ++caller)
      begin();
    loop_->run(stop_.get_token());
  }

 protected:
  virtual Detached begin() = 0;
  [[nodiscard]] const std::shared_ptr<cachesite::EventLoop>& loop() const { return loop_; }
  bool takes_one() { return left_ != 0 && left_-- != 0; }
  void has_ended() {
    if (--under_way_ == 0) stop_.request_stop();
  }

 private:
  std::shared_ptr<cachesite::EventLoop> loop_;
  std::stop_source stop_;
  std::size_t left_ = 0;
  std::size_t under_way_ = 0;
};

/// A command in, a reply out.
class Bare final : public Coroutines {
 public:
  explicit Bare(std::uint16_t port) : topology_(options(port, loop()), "bench", logger()) {
    topology_.start();
    topology_.await_started();
  }

 private:
  using Found = cachesite::Result<bool>;
  class Get final : public cachesite::detail::AsyncOperationOf<Found> {
   public:
    explicit Get(cachesite::redis::Endpoint& endpoint) : endpoint_(endpoint) {}
    cachesite::detail::AsyncOperation* move_to(void* place) noexcept override {
      return new (place) Get(endpoint_);
    }
    bool begin(cachesite::detail::OperationCaller& caller) noexcept override {
      using namespace cachesite::redis;
      const std::array<Argument, 2> words{{{"GET"}, {stored_key}}};
      const Command command{words, ReplyKind::bulk | ReplyKind::nil, true};
      call_ = EndpointCall::make();
      return call_->begin(endpoint_, {{&command, 1}}, CallTime::from_now(5s), caller);
    }
    void cancel() noexcept override { (void)call_->cancel(); }
    void abandon() noexcept override { (void)call_->abandon(); }
    [[nodiscard]] cachesite::IEventLoop* loop() const noexcept override { return call_->loop(); }
    Found take_result() noexcept override {
      if (!call_->status().ok()) return call_->status().error();
      return call_->answer().kind == cachesite::redis::ReplyKind::bulk;
    }

   private:
    cachesite::redis::Endpoint& endpoint_;
    cachesite::redis::EndpointCall::Pointer call_;
  };

  static std::shared_ptr<cachesite::ILogger> logger() { return std::make_shared<cachesite::SilentLogger>(); }
  static cachesite::redis::EndpointOptions options(std::uint16_t port,
                                                   std::shared_ptr<cachesite::IEventLoop> loop) {
    cachesite::redis::EndpointOptions options;
    options.connector.address = {"127.0.0.1", port, ""};
    options.event_loop = std::move(loop);
    return options;
  }
  cachesite::AsyncCall<Found> get() {
    return cachesite::AsyncCall<Found>(std::in_place_type<Get>, {}, *topology_.only_endpoint());
  }
  Detached begin() override {
    while (takes_one()) {
      const auto found = co_await get();
      if (!found.ok() || !found.value()) std::abort();
    }
    has_ended();
  }

  cachesite::redis::SingleTopology topology_;
};

class Cache final : public Coroutines {
 public:
  Cache(std::uint16_t port, bool layers) {
    cachesite::RedisCacheOptions options;
    options.host = "127.0.0.1";
    options.port = port;
    options.socket_timeout = 5s;
    options.event_loop = std::shared_ptr<cachesite::IEventLoop>(loop());
    if (!layers) options.prefix = "bench:";
    const auto redis = std::make_shared<cachesite::RedisCache>(options);
    redis->start();
    redis->await_started();
    cache_ = redis;
    if (!layers) return;
    cachesite::MetricsCacheOptions metrics;
    metrics.over = cache_;
    cache_ = std::make_shared<cachesite::MetricsCache>(metrics);
    cachesite::PrefixCacheOptions prefix;
    prefix.over = cache_;
    prefix.prefix = "bench:";
    cache_ = std::make_shared<cachesite::PrefixCache>(prefix);
  }

 private:
  Detached begin() override {
    cachesite::Value value;
    while (takes_one()) {
      const auto found = co_await cache_->async_read("key", value);
      if (!found.ok() || found.value() != cachesite::Found::hit) std::abort();
    }
    has_ended();
  }

  std::shared_ptr<cachesite::ICache> cache_;
};

inline std::unique_ptr<Client> make_client(const std::string& name, std::uint16_t port) {
  if (name == "hiredis") return std::make_unique<Hiredis>(port);
  if (name == "bare") return std::make_unique<Bare>(port);
  return std::make_unique<Cache>(port, name == "layers");
}

}  // namespace bench
