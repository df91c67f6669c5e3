// The asynchronous calls of IRedis against a real server.

#include "integration/redis_connection_fixture.hpp"
#include "support/redis_lab.hpp"
#include "support/sanitized.hpp"

#include <cachesite/async_call.hpp>
#include <cachesite/event_loop.hpp>

#include <algorithm>
#include <atomic>
#include <coroutine>
#include <deque>
#include <exception>
#include <filesystem>
#include <functional>
#include <future>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <sys/wait.h>
#include <unistd.h>

using namespace cachesite;
using namespace cachesite::test;

namespace {

using Answer = Result<RedisValue>;

RedisServer& server() {
  static RedisServer shared;
  return shared;
}

struct Connected {
  Connected() { server().probe().flush(); }
  std::shared_ptr<RedisConnection> redis = connect(connection_options(server().port()));
};

/// A connection through a proxy with faults.
struct Faulty {
  explicit Faulty(const std::function<void(RedisConnection::Options&)>& change = [](auto&) {}) {
    auto options = connection_options(proxy.port());
    change(options);
    redis = connect(options);
  }
  RedisServer server;
  ChaosProxy proxy{server.port()};
  std::shared_ptr<RedisConnection> redis;
};

/// A loop that the thread of the test runs, so that coroutines are destroyed where they are resumed.
struct OwnLoop {
  OwnLoop() {
    EventLoop::Options options;
    options.threads = 0;
    loop = std::make_shared<EventLoop>(options);
  }
  void serve(RedisConnection::Options& options) const {
    options.event_loop = std::shared_ptr<IEventLoop>(loop);
  }
  template <class Condition>
  bool run_until(Condition&& condition) const {
    return wait_until([&] {
      loop->run_ready();
      return condition();
    });
  }
  std::shared_ptr<EventLoop> loop;
};

/// Collects the answers of many calls.
class Answers {
 public:
  explicit Answers(std::size_t expected) : expected_(expected) {}
  auto taker() {
    return [this](Answer answer) {
      {
        const std::lock_guard lock(mutex_);
        answers_.push_back(std::move(answer));
        times_.push_back(std::chrono::steady_clock::now());
      }
      ++count_;
    };
  }
  bool complete(std::chrono::milliseconds limit = 20s) {
    return wait_until([this] { return count_ == expected_; }, limit);
  }
  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] const std::deque<Answer>& all() const { return answers_; }
  [[nodiscard]] std::size_t with(ErrorCode code) const {
    return static_cast<std::size_t>(
        std::count_if(answers_.begin(), answers_.end(),
                      [&](const Answer& answer) { return !answer.ok() && answer.error().code() == code; }));
  }

 private:
  const std::size_t expected_;
  std::mutex mutex_;
  std::deque<Answer> answers_;
  std::deque<std::chrono::steady_clock::time_point> times_;
  std::atomic<std::size_t> count_{0};
};

/// A coroutine that belongs to whoever made it.
class Routine {
 public:
  struct promise_type {
    Routine get_return_object() { return Routine(std::coroutine_handle<promise_type>::from_promise(*this)); }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
  Routine(Routine&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Routine& operator=(Routine&&) = delete;
  ~Routine() {
    if (handle_) handle_.destroy();
  }

 private:
  explicit Routine(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_;
};

Routine read_into(std::shared_ptr<RedisConnection> redis, std::string key, std::atomic<int>& right) {
  const RedisCommand command("ECHO", key);
  auto answer = co_await redis->async_call(command);
  if (answer.ok() && answer.value().text() == key) ++right;
}

std::size_t descriptors() {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator("/proc/self/fd"),
                                                std::filesystem::directory_iterator()));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(redis_async_call)

BOOST_FIXTURE_TEST_CASE(without_an_asynchronous_call_there_is_no_loop, Connected) {
  BOOST_REQUIRE(redis->call({"SET", "key", "value"}).ok());
  const auto before = descriptors();
  BOOST_TEST(redis->async_call({"GET", "key"}).wait().value().text() == "value");
  BOOST_TEST(descriptors() > before);
}

BOOST_FIXTURE_TEST_CASE(a_call_gives_what_the_blocking_one_gives, Connected) {
  BOOST_TEST(redis->async_call({"SET", "key", "value"}).wait().value().text() == "OK");
  BOOST_TEST(redis->async_call({"GET", "key"}).wait().value().text() == "value");
  BOOST_TEST(redis->async_call({"GET", "absent"}).wait().value().is_nil());
  BOOST_TEST(redis->async_call({"INCRBY", "number", 41}).future().get().value().as_integer().value() == 41);
  const auto nested = redis->async_call({"EVAL", "return {1, {'x'}, false}", 0}).wait();
  BOOST_TEST(nested.value().elements().size() == 3U);
  const auto refused = redis->async_call({"INCR", "key"}).wait();
  BOOST_TEST((refused.error().code() == ErrorCode::refused));
  const OwnLoop own;
  auto options = connection_options(server().port());
  own.serve(options);
  std::atomic<int> right{0};
  const Routine routine = read_into(connect(options), "coroutine", right);
  BOOST_TEST(own.run_until([&] { return right == 1; }));
}

BOOST_FIXTURE_TEST_CASE(a_large_value_goes_both_ways, Connected) {
  const std::string large(1'000'000, 'v');
  Answers answers(1);
  {
    const RedisCommand command("SET", "large", large);
    redis->async_call(command).start(answers.taker());
  }
  BOOST_REQUIRE(answers.complete());
  BOOST_TEST(redis->async_call({"GET", "large"}).wait().value().text() == large);
}

BOOST_FIXTURE_TEST_CASE(what_may_not_be_asked_is_refused_at_once, Connected) {
  BOOST_TEST((redis->async_call({"SELECT", 1}).wait().error().code() == ErrorCode::bad_argument));
  BOOST_TEST((redis->async_call({""}).wait().error().code() == ErrorCode::bad_argument));
  BOOST_TEST((redis->async_call({"BLPOP", "list", 1}).wait().error().code() == ErrorCode::unsupported));
  BOOST_TEST(
      (redis->async_call({"PING"}, {.patience = 0ms}).wait().error().code() == ErrorCode::bad_argument));
  const std::vector<RedisCommand> pipeline{{"PING"}, {"MULTI"}};
  const auto results = redis->async_pipeline(pipeline).wait();
  BOOST_REQUIRE(results.size() == 2U);
  BOOST_TEST((results[0].error().code() == ErrorCode::bad_argument));
}

BOOST_FIXTURE_TEST_CASE(a_script_is_sent_when_the_server_does_not_know_it, Connected) {
  server().probe().command({"SCRIPT", "FLUSH"});
  const auto script = redis->make_script("return {KEYS[1], ARGV[1]}");
  for (int round = 0; round < 2; ++round) {
    const auto answer = redis->async_run(script, {"key"}, {"argument"}).wait();
    BOOST_REQUIRE(answer.ok());
    BOOST_TEST(answer.value().elements()[1].text() == "argument");
  }
  const auto failing = redis->make_script("return redis.error_reply('ERR no')");
  const auto failed = redis->async_run(failing, {}, {}).wait();
  BOOST_TEST((failed.error().outcome() == Outcome::unknown));
}

BOOST_FIXTURE_TEST_CASE(a_pipeline_gives_a_result_for_each_command, Connected) {
  std::vector<RedisCommand> commands;
  for (int number = 0; number < 100; ++number)
    commands.push_back({"ECHO", number});
  commands.push_back({"INCR", "text"});
  BOOST_REQUIRE(redis->call({"SET", "text", "x"}).ok());
  const auto results = redis->async_pipeline(commands).wait();
  BOOST_REQUIRE(results.size() == 101U);
  for (int number = 0; number < 100; ++number)
    BOOST_TEST(results[static_cast<std::size_t>(number)].value().text() == std::to_string(number));
  BOOST_TEST((results[100].error().code() == ErrorCode::refused));
  BOOST_TEST(redis->async_pipeline({}).wait().empty());
  const std::vector<RedisCommand> one{{"PING"}};
  BOOST_TEST(redis->async_pipeline(one).wait().front().value().text() == "PONG");
}

BOOST_FIXTURE_TEST_CASE(arguments_may_go_right_after_the_start, Connected) {
  constexpr std::size_t count = 200;
  Answers answers(count);
  for (std::size_t number = 0; number < count; ++number) {
    auto command = std::make_unique<RedisCommand>("ECHO", std::string(number * 200, 'a'));
    CallOptions options;
    options.patience = 20s;
    redis->async_call(*command, options).start(answers.taker());
  }
  BOOST_REQUIRE(answers.complete());
  std::size_t bytes = 0;
  for (const auto& answer : answers.all())
    bytes += answer.value().text().size();
  BOOST_TEST(bytes == 200 * count * (count - 1) / 2);
}

BOOST_AUTO_TEST_CASE(a_coroutine_may_be_destroyed_while_it_waits) {
  const OwnLoop own;
  Faulty world([&](auto& options) { own.serve(options); });
  std::atomic<int> right{0};
  std::deque<Routine> going, staying;
  world.proxy.set(Direction::to_client, {.flow = Flow::hold});
  for (int number = 0; number < 50; ++number) {
    going.push_back(read_into(world.redis, "gone", right));
    staying.push_back(read_into(world.redis, "stays" + std::to_string(number), right));
  }
  while (going.size() > 30)
    going.pop_front();  // these are queued, the others will have been sent
  BOOST_TEST(own.run_until([&] { return world.proxy.arrived(Direction::to_client) > 0; }));
  going.clear();
  world.proxy.pass();
  BOOST_TEST(own.run_until([&] { return right == 50; }));
  BOOST_TEST(world.proxy.accepted() <= 2U);
}

BOOST_AUTO_TEST_CASE(stop_ends_a_thousand_calls) {
  Faulty world;
  constexpr std::size_t count = 1000;
  Answers answers(count);
  world.proxy.set(Direction::to_client, {.flow = Flow::hold});
  for (std::size_t number = 0; number < count; ++number)
    world.redis->async_call({"ECHO", number}).start(answers.taker());
  world.redis->stop();
  BOOST_REQUIRE(answers.complete());
  BOOST_TEST(answers.with(ErrorCode::closed) == count);
  BOOST_TEST((world.redis->async_call({"PING"}).wait().error().code() == ErrorCode::closed));
}

BOOST_AUTO_TEST_CASE(the_end_of_the_component_ends_its_calls) {
  Faulty world;
  Answers answers(1000);
  world.proxy.set(Direction::to_client, {.flow = Flow::hold});
  for (int number = 0; number < 1000; ++number)
    world.redis->async_call({"ECHO", number}).start(answers.taker());
  world.redis.reset();
  BOOST_REQUIRE(answers.complete());
  BOOST_TEST(answers.with(ErrorCode::closed) == 1000U);
}

// How long after its deadline nine of ten calls end; each has another one.
std::chrono::microseconds delay_of_deadlines(IRedis& redis) {
  constexpr std::size_t count = 1000;
  std::atomic<std::size_t> ended{0}, early{0}, other{0};
  std::mutex mutex;
  std::vector<std::chrono::microseconds> delays;
  for (std::size_t number = 0; number < count; ++number) {
    const std::chrono::milliseconds patience(5 + number * 37 % 496);
    const auto deadline = std::chrono::steady_clock::now() + patience;
    CallOptions options;
    options.patience = patience;
    redis.async_call({"ECHO", number}, options).start([&, deadline](const Answer& answer) {
      const auto delay = std::chrono::steady_clock::now() - deadline;
      if (delay < 0ms) ++early;
      if (answer.ok() || answer.error().code() != ErrorCode::timeout) ++other;
      const std::lock_guard lock(mutex);
      delays.push_back(std::chrono::duration_cast<std::chrono::microseconds>(delay));
      ++ended;
    });
  }
  BOOST_REQUIRE(wait_until([&] { return ended == count; }));
  BOOST_TEST(early == 0U);
  BOOST_TEST(other == 0U);
  const std::lock_guard lock(mutex);
  std::sort(delays.begin(), delays.end());
  return delays[count * 9 / 10];
}

// A busy machine may keep the loop from its processor in one round, and hardly in all.
BOOST_AUTO_TEST_CASE(each_call_ends_after_its_own_deadline) {
  Faulty world([](auto& options) { options.breaker_failures = 0; });
  world.proxy.set(Direction::to_client, {.flow = Flow::hold});
  const auto limit = 10ms * slowness;
  auto delay = delay_of_deadlines(*world.redis);
  for (int round = 1; round < 5 && delay > limit; ++round)
    delay = delay_of_deadlines(*world.redis);
  BOOST_TEST(delay.count() <= std::chrono::microseconds(limit).count());
}

BOOST_AUTO_TEST_CASE(a_stop_before_the_beginning_sends_nothing) {
  Faulty world;
  std::stop_source stop;
  stop.request_stop();
  const auto before = world.proxy.arrived(Direction::to_server);
  CallOptions options;
  options.stop = stop.get_token();
  const auto answer = world.redis->async_call({"INCR", "number"}, options).wait();
  BOOST_TEST((answer.error().code() == ErrorCode::closed));
  BOOST_TEST((answer.error().outcome() == Outcome::not_done));
  BOOST_TEST(world.proxy.arrived(Direction::to_server) == before);
}

BOOST_AUTO_TEST_CASE(a_stop_while_it_is_queued_keeps_it_from_being_sent) {
  Faulty world([](auto& options) { options.max_inflight = 1; });
  world.proxy.set(Direction::to_client, {.flow = Flow::hold});
  Answers first(1), second(1);
  std::stop_source stop;
  CallOptions options;
  options.stop = stop.get_token();
  const auto before = world.proxy.arrived(Direction::to_server);
  world.redis->async_call({"INCR", "first"}).start(first.taker());
  BOOST_REQUIRE(world.proxy.wait_for_arrived(Direction::to_server, before + 1));
  world.redis->async_call({"INCR", "second"}, options).start(second.taker());
  stop.request_stop();
  BOOST_REQUIRE(second.complete());
  BOOST_TEST((second.all().front().error().code() == ErrorCode::closed));
  BOOST_TEST((second.all().front().error().outcome() == Outcome::not_done));
  world.proxy.pass();
  BOOST_REQUIRE(first.complete());
  BOOST_TEST(first.all().front().value().as_integer().value() == 1);
  BOOST_TEST(world.redis->call({"GET", "second"}).value().is_nil());
}

BOOST_AUTO_TEST_CASE(a_sent_change_that_is_cancelled_is_unknown_and_the_connection_stays) {
  Faulty world;
  world.proxy.set(Direction::to_client, {.flow = Flow::hold});
  Answers changed(1), next(1);
  std::stop_source stop;
  CallOptions options;
  options.stop = stop.get_token();
  const auto before = world.proxy.arrived(Direction::to_client);
  world.redis->async_call({"INCR", "number"}, options).start(changed.taker());
  BOOST_REQUIRE(world.proxy.wait_for_arrived(Direction::to_client, before + 1));
  stop.request_stop();
  BOOST_REQUIRE(changed.complete());
  BOOST_TEST((changed.all().front().error().code() == ErrorCode::closed));
  BOOST_TEST((changed.all().front().error().outcome() == Outcome::unknown));
  world.redis->async_call({"ECHO", "next"}).start(next.taker());
  world.proxy.pass();
  BOOST_REQUIRE(next.complete());
  BOOST_TEST(next.all().front().value().text() == "next");
  BOOST_TEST(world.redis->integer({"INCR", "number"}).value() == 2);
  BOOST_TEST(world.proxy.accepted() == 1U);
}

BOOST_FIXTURE_TEST_CASE(a_stop_after_the_end_changes_nothing, Connected) {
  std::stop_source stop;
  CallOptions options;
  options.stop = stop.get_token();
  const auto answer = redis->async_call({"ECHO", "done"}, options).wait();
  stop.request_stop();
  BOOST_TEST(answer.value().text() == "done");
}

BOOST_AUTO_TEST_CASE(a_stop_returns_before_the_caller_goes_on) {
  Faulty world;
  world.proxy.set(Direction::to_client, {.flow = Flow::hold});
  std::stop_source stop;
  CallOptions options;
  options.stop = stop.get_token();
  std::atomic<bool> returned{false};
  std::promise<bool> was_first;
  world.redis->async_call({"PING"}, options).start([&](const Answer&) {
    was_first.set_value(wait_until([&] { return returned.load(); }));
  });
  stop.request_stop();
  returned = true;
  BOOST_TEST(was_first.get_future().get());
}

BOOST_AUTO_TEST_CASE(stop_deadline_and_answer_at_once_give_exactly_one_end) {
  Faulty world([](auto& options) { options.breaker_failures = 0; });
  const int rounds = sanitized ? 300 : 1000;
  std::atomic<int> ends{0}, wrong{0};
  std::deque<std::stop_source> stops;
  for (int round = 0; round < rounds; ++round) {
    auto& stop = stops.emplace_back();
    CallOptions options;
    options.stop = stop.get_token();
    options.patience = std::chrono::milliseconds(1 + round % 3);
    world.redis->async_call({"ECHO", round}, options).start([&, round](const Answer& answer) {
      const bool right = answer.ok() ? answer.value().text() == std::to_string(round)
                                     : answer.error().code() == ErrorCode::closed ||
                                           answer.error().code() == ErrorCode::timeout;
      if (!right) ++wrong;
      ++ends;
    });
    if (round % 2 == 0) std::thread([&stop] { stop.request_stop(); }).join();
    if (round % 64 == 0) BOOST_REQUIRE(wait_until([&] { return ends + 64 > round; }));
  }
  BOOST_TEST(wait_until([&] { return ends >= rounds; }));
  BOOST_TEST(world.redis->call({"PING"}).ok());
  BOOST_TEST(ends == rounds);
  BOOST_TEST(wrong == 0);
}

BOOST_FIXTURE_TEST_CASE(ten_thousand_calls_are_served_in_their_order, Connected) {
  constexpr std::size_t count = 10'000;
  std::atomic<std::size_t> in_order{0}, ended{0};
  for (std::size_t number = 0; number < count; ++number)
    redis->async_call({"INCR", "turn"}).start([&, number](const Answer& answer) {
      if (answer.ok() && answer.value().as_integer().value() == static_cast<std::int64_t>(number) + 1)
        ++in_order;
      ++ended;
    });
  BOOST_REQUIRE(wait_until([&] { return ended == count; }, 60s));
  BOOST_TEST(in_order == count);
}

BOOST_AUTO_TEST_CASE(beyond_max_waiting_a_call_is_refused_at_once) {
  Faulty world([](auto& options) {
    options.max_inflight = 2;
    options.max_waiting = 3;
  });
  world.proxy.set(Direction::to_client, {.flow = Flow::hold});
  Answers answers(5);
  for (int number = 0; number < 5; ++number)
    world.redis->async_call({"ECHO", number}).start(answers.taker());
  const auto refused = world.redis->async_call({"ECHO", "one more"}).wait();
  BOOST_TEST((refused.error().code() == ErrorCode::refused));
  BOOST_TEST((refused.error().outcome() == Outcome::not_done));
  BOOST_TEST(answers.count() == 0U);
  world.proxy.pass();
  BOOST_REQUIRE(answers.complete());
  BOOST_TEST(world.redis->async_call({"ECHO", "again"}).wait().ok());
}

BOOST_AUTO_TEST_CASE(a_waiting_call_whose_deadline_passes_is_not_sent) {
  Faulty world([](auto& options) { options.max_inflight = 1; });
  world.proxy.set(Direction::to_client, {.flow = Flow::hold});
  Answers first(1);
  world.redis->async_call({"ECHO", "first"}).start(first.taker());
  const auto late = world.redis->async_call({"INCR", "number"}, {.patience = 20ms}).wait();
  BOOST_TEST((late.error().code() == ErrorCode::timeout));
  BOOST_TEST((late.error().outcome() == Outcome::not_done));
  world.proxy.pass();
  BOOST_REQUIRE(first.complete());
  BOOST_TEST(world.redis->call({"GET", "number"}).value().is_nil());
}

BOOST_AUTO_TEST_CASE(a_loop_with_four_threads_serves_a_component) {
  EventLoop::Options loop_options;
  loop_options.threads = 4;
  const auto loop = std::make_shared<EventLoop>(loop_options);
  loop->start();
  auto options = connection_options(server().port());
  options.event_loop = std::shared_ptr<IEventLoop>(loop);
  const auto own = connect(options);
  const auto shared = connect(connection_options(server().port()));
  constexpr std::size_t count = 2000;
  Answers of_own(count), of_shared(count);
  for (std::size_t number = 0; number < count; ++number) {
    own->async_call({"ECHO", number}).start(of_own.taker());
    shared->async_call({"ECHO", number}).start(of_shared.taker());
  }
  BOOST_TEST(of_own.complete());
  BOOST_TEST(of_shared.complete());
  BOOST_TEST(loop->statistics().events > 0U);
}

BOOST_AUTO_TEST_CASE(a_loop_that_the_program_runs_serves_a_component) {
  EventLoop::Options loop_options;
  loop_options.threads = 0;
  const auto loop = std::make_shared<EventLoop>(loop_options);
  auto options = connection_options(server().port());
  options.event_loop = std::shared_ptr<IEventLoop>(loop);
  const auto redis = connect(options);
  BOOST_TEST(redis->async_call({"ECHO", "waited for"}).wait().value().text() == "waited for");
  Answers answers(100);
  for (int number = 0; number < 100; ++number)
    redis->async_call({"ECHO", number}).start(answers.taker());
  while (answers.count() != 100U)
    loop->run_ready();
  BOOST_TEST(answers.with(ErrorCode::closed) == 0U);
}

BOOST_AUTO_TEST_CASE(reads_of_a_server_that_dies_are_repeated_and_changes_are_unknown) {
  Faulty world([](auto& options) { options.channels = 1; });  // a repetition would meet the end of the other
  constexpr std::size_t count = 250;
  Answers reads(count), changes(count);
  world.proxy.set(Direction::to_client, {.flow = Flow::hold});
  const auto before = world.proxy.arrived(Direction::to_client);
  for (std::size_t number = 0; number < count; ++number) {
    world.redis->async_call(RedisCommand("ECHO", number).repeatable()).start(reads.taker());
    world.redis->async_call({"INCR", "number"}).start(changes.taker());
  }
  BOOST_REQUIRE(world.proxy.wait_for_arrived(Direction::to_client, before + 1));
  world.proxy.drop_connections();
  world.proxy.pass();
  BOOST_REQUIRE(reads.complete());
  BOOST_REQUIRE(changes.complete());
  for (const auto& answer : reads.all())
    BOOST_TEST(answer.ok(), (answer.ok() ? "" : answer.error().message()));
  for (const auto& answer : changes.all())
    BOOST_TEST((answer.ok() || answer.error().outcome() == Outcome::unknown));
  BOOST_TEST(changes.with(ErrorCode::unreachable) > 0U);
  BOOST_TEST(wait_until([&] { return world.redis->async_call({"PING"}).wait().ok(); }));
}

BOOST_AUTO_TEST_CASE(nothing_hangs_when_a_server_is_killed) {
  Faulty world;
  constexpr std::size_t count = 500;
  Answers answers(count);
  for (std::size_t number = 0; number < count; ++number)
    world.redis->async_call({"INCR", "number"}).start(answers.taker());
  world.server.kill();
  BOOST_TEST(answers.complete());
  world.server.restart();
  BOOST_TEST(wait_until([&] { return world.redis->async_call({"PING"}).wait().ok(); }));
}

BOOST_AUTO_TEST_CASE(calls_to_a_server_that_is_away_end_soon) {
  const ChaosProxy nobody(1);
  auto options = connection_options(nobody.port());
  const auto redis = std::make_shared<RedisConnection>(options);
  const Stopwatch watch;
  Answers answers(100);
  for (int number = 0; number < 100; ++number)
    redis->async_call({"PING"}).start(answers.taker());
  BOOST_REQUIRE(answers.complete());
  BOOST_TEST(answers.with(ErrorCode::unreachable) == 100U);
  BOOST_TEST(watch.elapsed().count() < 1000 * slowness);
}

BOOST_AUTO_TEST_CASE(calls_wait_for_a_connection_that_is_being_made) {
  RedisServer server;
  ChaosProxy proxy(server.port());
  proxy.set_accepting(Accepting::ignore);
  const auto redis = std::make_shared<RedisConnection>(connection_options(proxy.port()));
  Answers early(1), cancelled(1), served(20);
  CallOptions short_patience;
  short_patience.patience = 20ms;
  redis->async_call({"PING"}, short_patience).start(early.taker());
  std::stop_source stop;
  CallOptions stoppable;
  stoppable.stop = stop.get_token();
  redis->async_call({"PING"}, stoppable).start(cancelled.taker());
  BOOST_REQUIRE(early.complete());
  BOOST_TEST((early.all().front().error().outcome() == Outcome::not_done));
  stop.request_stop();
  BOOST_REQUIRE(cancelled.complete());
  BOOST_TEST((cancelled.all().front().error().code() == ErrorCode::closed));
  for (int number = 0; number < 20; ++number)
    redis->async_call({"ECHO", number}).start(served.taker());
  proxy.pass();
  proxy.set_accepting(Accepting::forward);
  proxy.drop_connections();
  BOOST_TEST(served.complete());
}

BOOST_AUTO_TEST_CASE(the_breaker_opens_tries_once_and_closes) {
  Faulty world([](auto& options) {
    options.socket_timeout = 100ms;
    options.breaker_failures = 3;
    options.breaker_delay = 50ms;
  });
  const auto breaker = [&] { return world.redis->endpoint_statistics().front().breaker; };
  world.proxy.set(Direction::to_client, {.flow = Flow::hold});
  Answers silent(3);
  for (int number = 0; number < 3; ++number)
    world.redis->async_call({"ECHO", number}).start(silent.taker());
  BOOST_REQUIRE(silent.complete());
  BOOST_TEST((breaker() == RedisBreakerState::open));
  BOOST_TEST((world.redis->async_call({"PING"}).wait().error().code() == ErrorCode::unreachable));
  world.proxy.pass();
  BOOST_TEST(wait_until([&] { return world.redis->async_call({"PING"}).wait().ok(); }));
  BOOST_TEST((breaker() == RedisBreakerState::closed));
}

BOOST_FIXTURE_TEST_CASE(threads_and_callbacks_share_a_connection, Connected) {
  std::atomic<bool> stopping{false};
  std::atomic<int> right{0}, wrong{0}, idle{0};
  std::function<void(int)> ask = [&](int number) {
    if (stopping) {
      ++idle;
      return;
    }
    const auto text = std::to_string(number);
    redis->async_call({"ECHO", text}).start([&, number, text](const Answer& answer) {
      ++(answer.ok() && answer.value().text() == text ? right : wrong);
      ask(number + 32);
    });
  };
  for (int number = 0; number < 32; ++number)
    ask(number);
  std::vector<std::thread> threads;
  std::atomic<int> of_threads{0};
  for (int number = 0; number < 4; ++number)
    threads.emplace_back([&, number] {
      const auto text = "thread" + std::to_string(number);
      while (!stopping) {
        const auto answer = redis->call({"ECHO", text});
        ++(answer.ok() && answer.value().text() == text ? of_threads : wrong);
      }
    });
  BOOST_TEST(wait_until([&] { return right > 3000 / slowness && of_threads > 3000 / slowness; }, 30s));
  stopping = true;
  for (auto& thread : threads)
    thread.join();
  BOOST_TEST(wait_until([&] { return idle == 32; }));
  BOOST_TEST(wrong == 0);
}

BOOST_AUTO_TEST_CASE(a_large_value_that_is_cancelled_half_way_leaves_the_connection_whole) {
  Faulty world;
  world.proxy.set(Direction::to_server, {.bytes_per_second = 4'000'000});
  Answers large(1);
  std::stop_source stop;
  CallOptions options;
  options.stop = stop.get_token();
  const auto before = world.proxy.arrived(Direction::to_server);
  const std::string value(4'000'000, 'v');
  world.redis->async_call({"SET", "large", value}, options).start(large.taker());
  BOOST_REQUIRE(world.proxy.wait_for_arrived(Direction::to_server, before + 100'000));
  stop.request_stop();
  BOOST_REQUIRE(large.complete());
  BOOST_TEST((large.all().front().error().outcome() == Outcome::unknown));
  world.proxy.pass();
  BOOST_TEST(world.redis->async_call({"STRLEN", "large"}).wait().ok());
  BOOST_TEST(wait_until([&] { return world.redis->integer({"STRLEN", "large"}).value() == 4'000'000; }));
  BOOST_TEST(world.redis->endpoint_statistics().front().losses == 0U);
}

BOOST_AUTO_TEST_CASE(in_a_forked_child_calls_end_and_the_parent_s_go_on) {
  if (sanitized) return;  // a child of several threads cannot be looked into
  Faulty world;
  world.proxy.set(Direction::to_client, {.flow = Flow::hold});
  Answers answers(100);
  for (int number = 0; number < 100; ++number)
    world.redis->async_call({"ECHO", number}).start(answers.taker());
  const pid_t child = ::fork();
  if (child == 0) {
    const auto answer = world.redis->async_call({"PING"}).wait();
    ::_exit(!answer.ok() && answer.error().code() == ErrorCode::closed ? 0 : 1);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  BOOST_TEST(status == 0);
  world.proxy.pass();
  BOOST_REQUIRE(answers.complete());
  for (const auto& answer : answers.all())
    BOOST_TEST(answer.ok());
}

BOOST_AUTO_TEST_CASE(over_tls_calls_have_their_deadlines_cancellations_and_losses_too) {
  const TestCertificates certificates;
  const RedisServer server({.tls = certificates.server_tls()});
  ChaosProxy proxy(server.tls_port());
  auto options = connection_options(proxy.port());
  options.host = "localhost";
  options.ssl = true;
  options.ssl_ca_certs = certificates.authority_file();
  options.channels = 1;
  const auto redis = connect(options);
  proxy.set(Direction::to_client, {.piece_size = 7});
  Answers whole(100);
  for (int number = 0; number < 100; ++number)
    redis->async_call({"ECHO", std::string(static_cast<std::size_t>(number), 'x')}).start(whole.taker());
  BOOST_REQUIRE(whole.complete());
  for (const auto& answer : whole.all())
    BOOST_TEST(answer.ok());
  proxy.set(Direction::to_client, {.flow = Flow::hold});
  Answers late(1), cancelled(1), lost(20);
  CallOptions short_patience;
  short_patience.patience = 20ms;
  redis->async_call({"PING"}, short_patience).start(late.taker());
  std::stop_source stop;
  CallOptions stoppable;
  stoppable.stop = stop.get_token();
  redis->async_call({"PING"}, stoppable).start(cancelled.taker());
  for (int number = 0; number < 20; ++number)
    redis->async_call(RedisCommand("ECHO", number).repeatable()).start(lost.taker());
  stop.request_stop();
  BOOST_REQUIRE(late.complete());
  BOOST_TEST(late.with(ErrorCode::timeout) == 1U);
  BOOST_REQUIRE(cancelled.complete());
  BOOST_TEST(cancelled.with(ErrorCode::closed) == 1U);
  proxy.drop_connections();
  proxy.pass();
  BOOST_REQUIRE(lost.complete());
  for (const auto& answer : lost.all())
    BOOST_TEST(answer.ok(), (answer.ok() ? "" : answer.error().message()));
}

BOOST_AUTO_TEST_SUITE_END()
