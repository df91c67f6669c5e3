// Every public call that takes a duration, with durations at the bounds of every unit.

#include "support/lengths_of_time.hpp"

#include "integration/redis_connection_fixture.hpp"
#include "support/patient.hpp"
#include "support/sanitized.hpp"

#include <cachesite/bound_cache.hpp>
#include <cachesite/cached_function.hpp>
#include <cachesite/component_site.hpp>
#include <cachesite/memory_cache.hpp>
#include <cachesite/memory_mutex_site.hpp>
#include <cachesite/memory_queue_site.hpp>
#include <cachesite/mutex_guard.hpp>
#include <cachesite/redis_mutex_site.hpp>
#include <cachesite/redis_stream_queue_site.hpp>
#include <cachesite/remember.hpp>
#include <cachesite/typed_cache.hpp>
#include <cachesite/write_policy_cache.hpp>

#include <condition_variable>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;

namespace {

RedisServer& server() {
  static RedisServer shared;
  return shared;
}

bool is_long(LengthKind kind) {
  return kind == LengthKind::longest || kind == LengthKind::long_;
}
bool is_positive(LengthKind kind) {
  return is_long(kind) || kind == LengthKind::tiny;
}

template <class R>
bool is_bad_argument(const R& result) {
  return !result.ok() && result.error().code() == ErrorCode::bad_argument;
}

// The checks are compiled once, not for each type of duration and each call.

void check_answer(std::string_view name, LengthKind kind, bool ok, bool bad_argument) {
  BOOST_TEST_CONTEXT(name) {
    BOOST_TEST(bad_argument == !is_positive(kind));
    if (is_long(kind)) BOOST_TEST(ok);
  }
}

void check_one_wait(std::string_view name, LengthKind kind, const std::function<bool()>& wait,
                    const std::function<void()>& come) {
  BOOST_TEST_CONTEXT(name) {
    if (!is_long(kind)) {
      const Stopwatch watch;
      BOOST_TEST(!wait());
      BOOST_TEST((watch.elapsed() < 2s * slowness));
      return;
    }
    auto waiting = std::async(std::launch::async, wait);
    BOOST_TEST((waiting.wait_for(2ms) == std::future_status::timeout));
    come();
    BOOST_REQUIRE((waiting.wait_for(10s) == std::future_status::ready));
    BOOST_TEST(waiting.get());
  }
}

void check_one_life(std::string_view name, LengthKind kind, bool accepted) {
  BOOST_TEST_CONTEXT(name) BOOST_TEST(accepted == (kind == LengthKind::long_));
}

/// A timeout of a call that asks the server: `call(length)` is its result.
template <class Call>
void check_timeout(Call&& call) {
  for_each_length([&](std::string_view name, auto length, LengthKind kind) {
    const auto result = call(length);
    check_answer(name, kind, result.ok(), is_bad_argument(result));
  });
}

/// A limit for waiting: `wait(length)` is whether what it waits for came, and `come` lets it come. `wait`
/// runs on another thread, so it throws instead of using the checks of Boost.Test.
template <class Wait, class Come>
void check_wait(Wait&& wait, Come&& come) {
  for_each_length([&](std::string_view name, auto length, LengthKind kind) {
    check_one_wait(
        name, kind, [&] { return wait(length); }, come);
  });
}

/// How long something is to live: refused unless it is 1 ms to 10 years. `live(length)` is whether it is
/// accepted.
template <class Live>
void check_life(Live&& live) {
  for_each_length(
      [&](std::string_view name, auto length, LengthKind kind) { check_one_life(name, kind, live(length)); });
}

class Gate {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void close() {
    const std::lock_guard lock(mutex_);
    open_ = false;
  }
  void pass() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

class ISlow : public Interface<ISlow, "ISlow"> {};
struct SlowToStop final : ISlow {
  explicit SlowToStop(std::shared_ptr<Gate> opened) : gate(std::move(opened)) {}
  void stop() noexcept override { gate->pass(); }
  const std::shared_ptr<Gate> gate;
};

template <class Options>
Options of_server() {
  auto options = test::patient<Options>();
  options.host = "127.0.0.1";
  options.port = server().port();
  return options;
}

template <class Site, class Options>
std::shared_ptr<Site> started(Options options) {
  auto site = std::make_shared<Site>(std::move(options));
  site->start();
  site->await_started();
  return site;
}

void check_mutex(IMutexSite& site) {
  const auto mutex = site.get_mutex("stock");
  std::shared_ptr<IMutexLease> lease;
  const auto hold = [&] { lease = mutex->take().value(); };
  const auto let_go = [&] { (void)std::exchange(lease, nullptr)->release(); };
  const auto taken = [&](bool has_it) {
    if (has_it) hold();
    return has_it;
  };
  hold();
  BOOST_TEST_CONTEXT("MutexGuard") {
    check_wait(
        [&](auto length) {
          const bool held = MutexGuard(*mutex, length).held();
          return taken(held);
        },
        let_go);
  }
  BOOST_TEST_CONTEXT("MutexRequest::wait") {
    check_wait(
        [&](auto length) {
          MutexRequest request;
          request.wait = length;
          const bool held = MutexGuard(*mutex, request).held();
          return taken(held);
        },
        let_go);
  }
  BOOST_TEST_CONTEXT("try_lock_for") {
    check_wait(
        [&](auto length) {
          const bool locked = mutex->try_lock_for(length);
          if (locked) mutex->unlock();
          return taken(locked);
        },
        let_go);
  }
  BOOST_TEST_CONTEXT("try_lock_shared_for") {
    check_wait(
        [&](auto length) {
          const bool locked = mutex->try_lock_shared_for(length);
          if (locked) mutex->unlock_shared();
          return taken(locked);
        },
        let_go);
  }
  let_go();
  BOOST_TEST_CONTEXT("lease") {
    check_life([&](auto length) {
      const bool acquired = mutex->acquire(length);
      if (acquired) BOOST_TEST(mutex->release());
      MutexRequest request;
      request.expire = TimeToLive(length);
      BOOST_TEST(mutex->take(request).ok() == acquired);
      return acquired;
    });
  }
  BOOST_TEST((mutex->try_lock_until(std::chrono::system_clock::time_point::max())));
  mutex->unlock();
  BOOST_TEST((mutex->try_lock_until(std::chrono::system_clock::time_point::min())));
  mutex->unlock();
}

void check_queue(IQueueSite& site) {
  const auto producer = site.get_producer("orders");
  const auto consumer = site.get_consumer("orders");
  BOOST_TEST_CONTEXT("receive") {
    check_wait(
        [&](auto length) {
          auto received = consumer->receive(length);
          if (!received.ok()) throw std::runtime_error("nothing can be received");
          if (!received.value()) return false;
          if (!std::move(*std::move(received).value()).acknowledge().ok())
            throw std::runtime_error("not acknowledged");
          return true;
        },
        [&] { BOOST_TEST(producer->produce("now")); });
  }
  BOOST_TEST_CONTEXT("send") {
    for_each_length([&](std::string_view name, auto length, LengthKind kind) {
      BOOST_TEST_CONTEXT(name) {
        const auto sent = producer->send("later", length);
        BOOST_TEST(is_bad_argument(sent) == (kind == LengthKind::below));
        BOOST_TEST(sent.ok() == (kind != LengthKind::below));
        if (kind == LengthKind::below) return;
        auto received = consumer->receive(is_long(kind) ? 0s : 10s);
        BOOST_REQUIRE(received.ok());
        BOOST_TEST(received.value().has_value() == !is_long(kind));
        if (received.value()) BOOST_TEST(std::move(*std::move(received).value()).acknowledge().ok());
      }
    });
  }
  BOOST_TEST_CONTEXT("reject") {
    for_each_length([&](std::string_view name, auto length, LengthKind kind) {
      BOOST_TEST_CONTEXT(name) {
        BOOST_TEST(producer->produce("again"));
        auto received = consumer->receive(10s);
        BOOST_REQUIRE((received.ok() && received.value()));
        auto message = std::move(*std::move(received).value());
        const auto rejected = message.reject(length);
        BOOST_TEST(is_bad_argument(rejected) == (kind == LengthKind::below));
        BOOST_TEST(message.settled() == (kind != LengthKind::below));
        if (kind == LengthKind::below) {
          BOOST_TEST(message.acknowledge().ok());
          return;
        }
        auto again = consumer->receive(is_long(kind) ? 0s : 10s);
        BOOST_REQUIRE(again.ok());
        BOOST_TEST(again.value().has_value() == !is_long(kind));
        if (again.value()) BOOST_TEST(std::move(*std::move(again).value()).acknowledge().ok());
      }
    });
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lengths_of_time)

BOOST_AUTO_TEST_CASE(timeouts_of_calls_to_redis_are_refused_up_to_0_and_never_overflow) {
  const auto redis = connect(connection_options(server().port()));
  const auto script = redis->make_script("return 1");
  const auto session = redis->open_session().value();
  const auto with = [](RedisCommand command, auto length) { return std::move(command.timeout(length)); };
  BOOST_TEST_CONTEXT("call") {
    check_timeout([&](auto length) { return redis->call(with({"PING"}, length)); });
  }
  BOOST_TEST_CONTEXT("a call that waits at the server") {
    BOOST_REQUIRE(redis->call({"SET", "counter", "1"}).ok());
    check_timeout([&](auto length) {
      (void)redis->call({"RPUSH", "list", "a"});
      return redis->call(with({"BLPOP", "list", 1}, length));
    });
  }
  BOOST_TEST_CONTEXT("integer and text") {
    check_timeout([&](auto length) { return redis->integer(with({"INCR", "counter"}, length)); });
    check_timeout([&](auto length) { return redis->text(with({"GET", "counter"}, length)); });
  }
  BOOST_TEST_CONTEXT("pipeline") {
    const std::vector<RedisCommand> commands{{"PING"}, {"PING"}};
    check_timeout([&](auto length) {
      const auto results = redis->pipeline(commands, length);
      BOOST_TEST(results.size() == 2U);
      return results.back();
    });
  }
  BOOST_TEST_CONTEXT("open_session") {
    check_timeout([&](auto length) {
      const auto opened = redis->open_session(length);
      return opened.ok() ? Status(Done{}) : Status(opened.error());
    });
  }
  BOOST_TEST_CONTEXT("run") {
    check_timeout([&](auto length) { return redis->run(script, {}, {}, length); });
  }
  BOOST_TEST_CONTEXT("a command of a session") {
    auto own = redis->open_session().value();
    check_timeout([&](auto length) {
      auto result = own->call(with({"PING"}, length));
      if (!result.ok()) own = redis->open_session().value();
      return result;
    });
  }
}

BOOST_AUTO_TEST_CASE(waiting_for_a_subscription_never_overflows) {
  const auto redis = connect(connection_options(server().port()));
  for_each_length([&](std::string_view name, auto length, LengthKind kind) {
    if (!is_long(kind)) return;
    RedisSubscriber subscriber;
    subscriber.channels = {"news"};
    BOOST_TEST_CONTEXT(name) BOOST_TEST(redis->subscribe(subscriber)->wait_until_active(length));
  });
}

BOOST_AUTO_TEST_CASE(limits_and_leases_of_mutexes_never_overflow) {
  MemoryMutexSite in_memory;
  BOOST_TEST_CONTEXT("in memory") check_mutex(in_memory);
  const auto on_redis = started<RedisMutexSite>(of_server<RedisMutexSite::Options>());
  BOOST_TEST_CONTEXT("on Redis") check_mutex(*on_redis);
}

BOOST_AUTO_TEST_CASE(waits_and_delays_of_queues_never_overflow) {
  MemoryQueueSite in_memory;
  BOOST_TEST_CONTEXT("in memory") check_queue(in_memory);
  server().probe().flush();
  auto options = of_server<RedisStreamQueueSite::Options>();
  options.poll_interval = 5ms;
  const auto on_redis = started<RedisStreamQueueSite>(std::move(options));
  BOOST_TEST_CONTEXT("on Redis") check_queue(*on_redis);
}

BOOST_AUTO_TEST_CASE(the_limit_of_a_flush_never_overflows) {
  Gate gate;
  WritePolicyCache::Options options;
  options.over = Reference<ICache>(std::make_shared<MemoryCache>());
  WritePolicyCache cache(options);
  check_wait(
      [&](auto length) {
        const auto queued = cache.write_behind("key", "value", 1h, [&](auto...) {
          gate.pass();
          return Status(Done{});
        });
        const bool flushed = cache.flush(length).ok();
        gate.open();
        const bool all_flushed = cache.flush(10s).ok();
        gate.close();
        if (!queued.ok() || !all_flushed) throw std::runtime_error("the value was not written");
        return flushed;
      },
      [&] { gate.open(); });
}

BOOST_AUTO_TEST_CASE(the_limit_of_stopping_a_site_never_overflows) {
  for_each_length([](std::string_view name, auto length, LengthKind kind) {
    const auto gate = std::make_shared<Gate>();
    ComponentSite site;
    site.register_component<ISlow>(std::make_shared<SlowToStop>(gate));
    auto stopping = std::async(std::launch::async, [&] { return site.stop_within(length); });
    if (is_long(kind)) {
      BOOST_TEST((stopping.wait_for(2ms) == std::future_status::timeout));
      gate->open();
    }
    BOOST_TEST((stopping.wait_for(10s) == std::future_status::ready));
    gate->open();
    BOOST_TEST_CONTEXT(name) BOOST_TEST(stopping.get().empty() == is_long(kind));
  });
}

BOOST_AUTO_TEST_CASE(a_life_is_accepted_from_1_ms_to_10_years_and_never_overflows) {
  const auto cache = std::make_shared<MemoryCache>();
  const BoundCache bound(cache, "user");
  TypedCache<std::string, TextSerializer> typed(cache);
  BOOST_TEST_CONTEXT("set_value") {
    check_life([&](auto length) { return cache->set_value("key", "value", length); });
    check_life([&](auto length) { return bound.set_value("value", length); });
    check_life([&](auto length) { return typed.set_value("key", "value", length); });
  }
  BOOST_TEST_CONTEXT("the precise calls") {
    check_life([&](auto length) { return cache->write("key", "value", length).ok(); });
    check_life([&](auto length) { return cache->replace("key", "value", length).ok(); });
    check_life([&](auto length) { return cache->add("key", "value", length).ok(); });
    check_life([&](auto length) { return cache->increment("number", 1, length).ok(); });
    check_life([&](auto length) { return cache->expire("key", length).ok(); });
    check_life([&](auto length) { return cache->set_many({{"key", "value", length}}).front().ok(); });
  }
  BOOST_TEST_CONTEXT("computing") {
    check_life([&](auto length) { return remember(*cache, "key", length, [] { return "value"; }).ok(); });
    check_life([&](auto length) {
      try {
        (void)cached(cache, "key", TimeToLive(length), [] { return std::string("value"); });
        return true;
      } catch (const std::invalid_argument&) {
        return false;
      }
    });
  }
  BOOST_TEST(!cache->expire_at("key", std::chrono::system_clock::time_point::max()).ok());
  BOOST_TEST(cache->expire_at("key", std::chrono::system_clock::time_point::min()).ok());
}

BOOST_AUTO_TEST_SUITE_END()
