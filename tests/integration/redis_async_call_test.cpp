// The asynchronous calls of IRedis against a real server: what they give, and whose they are.

#include "integration/redis_async_fixture.hpp"
#include "support/sanitized.hpp"

#include <array>
#include <atomic>
#include <deque>
#include <filesystem>
#include <future>
#include <iterator>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

using namespace cachesite;
using namespace cachesite::test;

namespace {

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

BOOST_AUTO_TEST_SUITE_END()
