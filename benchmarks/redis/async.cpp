// Asynchronous GETs of 37 bytes by many callers on one thread, against the asynchronous API of hiredis with an
// epoll adapter in the same run.
//
//   bench_async                              everything; exits with 1 when there are more instructions than the
//                                            target, or a call allocates
//   bench_async run CLIENT CALLERS COUNT PORT   one client, for an instruction counter
//
// Clients: hiredis; bare, what lies under RedisCache: a command in, a reply out; cache, a RedisCache; layers, the
// same below a prefix and metrics. Instructions come from callgrind: the difference of two run lengths, so that
// start-up does not count.

#include "counted_allocations.hpp"
#include "detached.hpp"
#include "private_redis.hpp"
#include "redis/endpoint/endpoint_call.hpp"
#include "redis/topology/single_topology.hpp"

#include <cachesite/async_call.hpp>
#include <cachesite/event_loop.hpp>
#include <cachesite/metrics_cache.hpp>
#include <cachesite/prefix_cache.hpp>
#include <cachesite/redis_cache.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <coroutine>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <sys/epoll.h>

namespace {

using namespace std::chrono_literals;

const std::string stored(37, 'v');
constexpr const char* stored_key = "bench:key";

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
  virtual bench::Detached begin() = 0;
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
  bench::Detached begin() override {
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
  bench::Detached begin() override {
    cachesite::Value value;
    while (takes_one()) {
      const auto found = co_await cache_->async_read("key", value);
      if (!found.ok() || found.value() != cachesite::Found::hit) std::abort();
    }
    has_ended();
  }

  std::shared_ptr<cachesite::ICache> cache_;
};

std::unique_ptr<Client> make_client(const std::string& name, std::uint16_t port) {
  if (name == "hiredis") return std::make_unique<Hiredis>(port);
  if (name == "bare") return std::make_unique<Bare>(port);
  return std::make_unique<Cache>(port, name == "layers");
}

void store_value(std::uint16_t port) {
  redisContext* const context = ::redisConnect("127.0.0.1", port);
  ::freeReplyObject(::redisCommand(context, "SET %s %b", stored_key, stored.data(), stored.size()));
  ::redisFree(context);
}

int run(const std::string& name, std::size_t callers, std::size_t count, std::uint16_t port) {
  const auto client = make_client(name, port);
  client->run(callers, 10 * callers + 100);
  const auto before = allocations.load();
  client->run(callers, count);
  std::printf("allocations %.4f\n",
              static_cast<double>(allocations.load() - before) / static_cast<double>(count));
  return 0;
}

struct Cost {
  double instructions = 0;
  double allocations = 0;
};

Cost measure_once(const std::string& program, const std::string& arguments) {
  const std::string command =
      "valgrind --tool=callgrind --callgrind-out-file=/dev/null " + program + " run " + arguments + " 2>&1";
  FILE* const pipe = ::popen(command.c_str(), "r");
  Cost cost;
  char line[512];
  while (std::fgets(line, sizeof line, pipe) != nullptr) {
    if (const char* const at = std::strstr(line, "Collected : ")) cost.instructions = std::atof(at + 12);
    if (std::strncmp(line, "allocations ", 12) == 0) cost.allocations = std::atof(line + 12);
  }
  ::pclose(pipe);
  return cost;
}

Cost measure(const std::string& program, const std::string& client, std::size_t callers, std::uint16_t port) {
  const std::size_t base = 2000;
  const std::size_t more = 20'000;
  const auto arguments = [&](std::size_t count) {
    return client + " " + std::to_string(callers) + " " + std::to_string(count) + " " + std::to_string(port);
  };
  const auto short_run = measure_once(program, arguments(base));
  const auto long_run = measure_once(program, arguments(base + more));
  return {(long_run.instructions - short_run.instructions) / static_cast<double>(more), long_run.allocations};
}

struct Pace {
  double seconds = 0;
  double processor_seconds = 0;
};

Pace pace_of(Client& client, std::size_t callers, std::size_t count) {
  const auto processor_time = [] {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
  };
  const auto begin = std::chrono::steady_clock::now();
  const double before = processor_time();
  client.run(callers, count);
  return {std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(),
          processor_time() - before};
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// Throughput and processor time as ratios to hiredis, medians of pairs.
std::pair<double, double> compare(Client& own, Client& other, std::size_t callers, std::size_t count) {
  constexpr int pairs = 11;
  std::vector<double> speeds;
  std::vector<double> costs;
  for (int round = 0; round < pairs; ++round) {
    Pace mine, theirs;
    if (round % 2 == 0) {
      mine = pace_of(own, callers, count);
      theirs = pace_of(other, callers, count);
    } else {
      theirs = pace_of(other, callers, count);
      mine = pace_of(own, callers, count);
    }
    speeds.push_back(theirs.seconds / mine.seconds);
    costs.push_back(mine.processor_seconds / theirs.processor_seconds);
  }
  return {median(speeds), median(costs)};
}

}  // namespace

int main(int count, char** arguments) {
  const std::vector<std::string> words(arguments, arguments + count);
  if (words.size() == 6 && words[1] == "run")
    return run(words[2], std::stoul(words[3]), std::stoul(words[4]),
               static_cast<std::uint16_t>(std::stoul(words[5])));
  const bench::PrivateRedis server;
  store_value(server.port());
  bool met = true;
  struct Target {
    const char* client;
    double ratio;
  };
  constexpr Target targets[] = {{"bare", 0.30}, {"cache", 0.40}, {"layers", 0.40}};
  std::printf("%-8s %-8s %13s %7s %7s %8s %10s %10s\n", "client", "callers", "instructions", "ratio",
              "target", "mallocs", "speed", "processor");
  for (const std::size_t callers : {std::size_t{32}, std::size_t{1}}) {
    const auto raw = measure(words[0], "hiredis", callers, server.port());
    std::printf("%-8s %-8zu %13.0f\n", "hiredis", callers, raw.instructions);
    for (const auto& [name, target] : targets) {
      const auto cost = measure(words[0], name, callers, server.port());
      const auto own = make_client(name, server.port());
      const auto other = make_client("hiredis", server.port());
      const auto [speed, processor] =
          compare(*own, *other, callers, callers == 1 ? std::size_t{5000} : std::size_t{60'000});
      const double ratio = cost.instructions / raw.instructions;
      const bool good = callers == 1 || (ratio <= target && cost.allocations < 0.01);
      met = met && good;
      std::printf("%-8s %-8zu %13.0f %6.3fx %6.2fx %8.3f %9.2fx %9.2fx%s\n", name, callers, cost.instructions,
                  ratio, target, cost.allocations, speed, processor, good ? "" : "  MISSED");
    }
  }
  std::printf(
      "instructions: of the client per call; ratio, speed, processor: to hiredis; the last two are medians "
      "of 11 pairs,\nnot targets here: calls per second, and processor time per call\n");
  return met ? 0 : 1;
}
