// Deadlines, cancellations and back-pressure of the asynchronous calls of IRedis.

#include "integration/redis_async_fixture.hpp"
#include "support/sanitized.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <future>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

using namespace cachesite;
using namespace cachesite::test;

namespace {

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

}  // namespace

BOOST_AUTO_TEST_SUITE(redis_async_call)

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

BOOST_AUTO_TEST_SUITE_END()
