// The asynchronous calls of IRedis when something fails: servers, connections, forks, TLS.

#include "integration/redis_async_fixture.hpp"
#include "support/redis_lab.hpp"
#include "support/sanitized.hpp"

#include <atomic>
#include <deque>
#include <future>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

using namespace cachesite;
using namespace cachesite::test;

BOOST_AUTO_TEST_SUITE(redis_async_call)

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
