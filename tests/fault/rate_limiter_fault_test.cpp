// Limiters whose server is away, silent or wrong: what they decide, by when, and that they return to the
// server.

#include "support/chaos_proxy.hpp"
#include "support/collecting_logger.hpp"
#include "support/patient.hpp"
#include "support/redis_server.hpp"
#include "support/wait_until.hpp"

#include <cachesite/sliding_window_limiter.hpp>
#include <cachesite/token_bucket_limiter.hpp>

#include <chrono>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

constexpr auto deadline = 300ms;
// What a busy machine may add.
constexpr auto slack = 2s;

template <class Limiter>
std::shared_ptr<IRateLimiter> limiter_at(std::uint16_t port, WithoutServer without, RateLimitForm form,
                                         std::shared_ptr<ILogger> logger = std::make_shared<SilentLogger>()) {
  auto options = patient<typename Limiter::Options>();
  options.host = "127.0.0.1";
  options.port = port;
  options.rate = "10/hour";
  options.form = form;
  options.timeout = deadline;
  options.without_server = without;
  options.local_share = 0.5;
  options.reconnect_delay = 5ms;
  options.reconnect_max_delay = 20ms;
  options.breaker_delay = 5ms;
  options.breaker_max_delay = 20ms;
  ComponentContext context;
  context.label = "limiter \"api\"";
  context.logger = std::move(logger);
  auto limiter = std::make_shared<Limiter>(options, context);
  limiter->start();
  limiter->await_started();
  return limiter;
}

using Make = std::function<std::shared_ptr<IRateLimiter>(std::uint16_t, WithoutServer)>;

void with_each_kind(const std::function<void(const Make&)>& check) {
  for (const auto form : {RateLimitForm::cachesite, RateLimitForm::redis_kit}) {
    BOOST_TEST_CONTEXT("bucket, form " << static_cast<int>(form))
    check([form](auto port, auto without) { return limiter_at<TokenBucketLimiter>(port, without, form); });
    BOOST_TEST_CONTEXT("window, form " << static_cast<int>(form))
    check([form](auto port, auto without) { return limiter_at<SlidingWindowLimiter>(port, without, form); });
  }
}

// A machine that stands still for the length of the deadline makes one call fail that should not.
bool asks_the_server(IRateLimiter& limiter, const std::string& key = "others") {
  return wait_until([&] {
    const auto answer = limiter.acquire(key);
    return answer.ok() && !answer.value().without_server;
  });
}

RateDecision decision_in_time(IRateLimiter& limiter, const std::string& key) {
  const auto begin = std::chrono::steady_clock::now();
  const auto answer = limiter.acquire(key);
  BOOST_TEST((std::chrono::steady_clock::now() - begin < deadline + slack));
  BOOST_REQUIRE(answer.ok());
  return answer.value();
}

struct Fault {
  const char* name;
  std::function<void(ChaosProxy&)> begin;
  std::function<void(ChaosProxy&)> end;
};

const std::vector<Fault>& faults() {
  const auto pass = [](ChaosProxy& proxy) {
    proxy.pass();
    proxy.set_accepting(Accepting::forward);
  };
  static const std::vector<Fault> all{
      {"the server has vanished", [](ChaosProxy& proxy) { proxy.vanish(); }, pass},
      {"nobody listens",
       [](ChaosProxy& proxy) {
         proxy.set_accepting(Accepting::refuse);
         proxy.drop_connections();
       },
       pass},
      {"answers do not come",
       [](ChaosProxy& proxy) { proxy.set(Direction::to_client, {.flow = Flow::hold}); }, pass},
      {"connections end within the question",
       [](ChaosProxy& proxy) { proxy.set(Direction::to_server, {.cut_after = 20}); }, pass},
      {"connections end within the answer",
       [](ChaosProxy& proxy) { proxy.set(Direction::to_client, {.cut_after = 2}); }, pass},
      {"answers are no answers",
       [](ChaosProxy& proxy) { proxy.set(Direction::to_client, {.corrupt_every = 1}); }, pass}};
  return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(rate_limiter_faults)

BOOST_AUTO_TEST_CASE(each_declared_behaviour_holds_during_each_fault_and_ends_with_it) {
  RedisServer server;
  with_each_kind([&](const Make& make) {
    for (const auto& fault : faults())
      for (const auto without : {WithoutServer::deny, WithoutServer::allow, WithoutServer::local})
        BOOST_TEST_CONTEXT(fault.name << ", " << static_cast<int>(without)) {
          server.probe().flush();
          ChaosProxy proxy(server.port());
          const auto limiter = make(proxy.port(), without);
          BOOST_REQUIRE(asks_the_server(*limiter));
          fault.begin(proxy);
          std::vector<bool> allowed;
          for (int call = 0; call < 7; ++call) {
            const auto decision = decision_in_time(*limiter, "key");
            BOOST_TEST(decision.without_server);
            BOOST_TEST(decision.allowed == (decision.retry_after == 0ms));
            allowed.push_back(decision.allowed);
          }
          const auto expected = std::count(allowed.begin(), allowed.end(), true);
          BOOST_TEST(expected == (without == WithoutServer::deny    ? 0
                                  : without == WithoutServer::allow ? 7
                                                                    : 5));
          BOOST_TEST(std::is_sorted(allowed.rbegin(), allowed.rend()));
          fault.end(proxy);
          BOOST_TEST(asks_the_server(*limiter));
          // What the server knows counts again: at most what arrived there before an answer got lost.
          const auto decision = decision_in_time(*limiter, "key");
          if (!decision.without_server) BOOST_TEST(decision.limit == 10U);
        }
  });
}

BOOST_AUTO_TEST_CASE(a_limiter_that_starts_without_its_server_decides_alone_and_asks_it_when_it_comes) {
  RedisServer server;
  server.kill();
  const auto limiter =
      limiter_at<TokenBucketLimiter>(server.port(), WithoutServer::local, RateLimitForm::cachesite);
  for (int call = 0; call < 5; ++call)
    BOOST_TEST(limiter->acquire("key").value().allowed);
  BOOST_TEST(!limiter->acquire("key").value().allowed);
  BOOST_TEST((limiter->health().state == HealthState::degraded));
  server.restart();
  BOOST_TEST(asks_the_server(*limiter));
  BOOST_TEST(limiter->acquire("key", 10).value().allowed);
  BOOST_TEST(!limiter->acquire("key").value().allowed);
  BOOST_TEST((limiter->health().state == HealthState::up));
  // The next outage is decided by the same rule, by what the process itself took in the first.
  server.kill();
  BOOST_TEST(wait_until([&] { return limiter->acquire("other").value().without_server; }));
  BOOST_TEST(!limiter->acquire("key").value().allowed);
}

BOOST_AUTO_TEST_CASE(a_limiter_that_refuses_all_without_its_server_is_down) {
  RedisServer server;
  const auto logger = std::make_shared<CollectingLogger>();
  const auto limiter =
      limiter_at<SlidingWindowLimiter>(server.port(), WithoutServer::deny, RateLimitForm::cachesite, logger);
  BOOST_REQUIRE(asks_the_server(*limiter));
  BOOST_TEST((limiter->health().state == HealthState::up));
  server.kill();
  BOOST_TEST(wait_until([&] { return limiter->acquire("key").value().without_server; }));
  BOOST_TEST(wait_until([&] { return limiter->health().state == HealthState::down; }));
  for (int call = 0; call < 20; ++call)
    BOOST_TEST(!limiter->acquire("key").value().allowed);
  const std::string message = "limiter \"api\" gets no answer from its server and decides without it";
  BOOST_TEST(logger->wait_for_count(1, LogLevel::warning, message));
  BOOST_TEST(limiter->statistics().without_server >= 21U);
}

BOOST_AUTO_TEST_CASE(a_key_that_holds_something_else_is_a_failure_and_left_alone) {
  RedisServer server;
  auto probe = server.probe();
  const auto bucket =
      limiter_at<TokenBucketLimiter>(server.port(), WithoutServer::allow, RateLimitForm::cachesite);
  const auto window =
      limiter_at<SlidingWindowLimiter>(server.port(), WithoutServer::allow, RateLimitForm::cachesite);
  BOOST_REQUIRE(asks_the_server(*bucket));
  BOOST_REQUIRE(asks_the_server(*window));
  for (const char* key : {"rate:bucket::text", "rate:window::text"})
    probe.set(key, "something else");
  for (const char* key : {"rate:bucket::list", "rate:window::list"})
    probe.checked({"RPUSH", key, "something", "else"});
  for (const auto& limiter : {bucket, window})
    for (const char* key : {"text", "list"}) {
      const auto answer = limiter->acquire(key);
      BOOST_REQUIRE(!answer.ok());
      BOOST_TEST((answer.error().code() == ErrorCode::refused));
      BOOST_TEST(answer.error().message().starts_with("WRONGTYPE"));
    }
  BOOST_TEST(probe.get("rate:bucket::text").value_or("") == "something else");
  BOOST_TEST(probe.get("rate:window::text").value_or("") == "something else");
  for (const char* key : {"rate:bucket::list", "rate:window::list"})
    BOOST_TEST(probe.checked({"LRANGE", key, "0", "-1"}).elements.size() == 2U);
}

BOOST_AUTO_TEST_CASE(callers_of_a_limiter_that_is_stopped_leave_at_once) {
  RedisServer server;
  ChaosProxy proxy(server.port());
  TokenBucketLimiterOptions options;
  options.host = "127.0.0.1";
  options.port = proxy.port();
  options.rate = "10/hour";
  options.timeout = 60s;
  options.socket_timeout = 60s;
  options.socket_connect_timeout = 60s;
  const auto limiter = std::make_shared<TokenBucketLimiter>(options);
  limiter->start();
  limiter->await_started();
  BOOST_REQUIRE(asks_the_server(*limiter));
  proxy.set(Direction::to_client, {.flow = Flow::hold});
  const auto before = proxy.arrived(Direction::to_client);
  Result<RateDecision> answer = RateDecision();
  std::thread caller([&] { answer = limiter->acquire("key"); });
  BOOST_TEST(proxy.wait_for_arrived(Direction::to_client, before + 1));
  const auto begin = std::chrono::steady_clock::now();
  limiter->stop();
  caller.join();
  BOOST_TEST((std::chrono::steady_clock::now() - begin < 20s));
  BOOST_REQUIRE(!answer.ok());
  BOOST_TEST((answer.error().code() == ErrorCode::closed));
}

BOOST_AUTO_TEST_SUITE_END()
