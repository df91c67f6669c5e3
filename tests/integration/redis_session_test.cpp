// Sessions and transactions of IRedis against a real server, and the pool that lends their connections.

#include "basics/server_call.hpp"
#include "integration/redis_connection_fixture.hpp"
#include "support/sanitized.hpp"

#include <atomic>
#include <future>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;

BOOST_AUTO_TEST_SUITE(redis_session)

namespace {

RedisServer& server() {
  static RedisServer shared;
  return shared;
}

struct Connected {
  Connected() { server().probe().flush(); }
  std::shared_ptr<RedisConnection> redis = connect(connection_options(server().port()));
  RedisProbe probe = server().probe();
};

// Takes down the calls that this thread makes to servers.
class RecordedCalls final : public basics::IServerCallRecorder {
 public:
  RecordedCalls() { basics::server_call_recorder = this; }
  ~RecordedCalls() { basics::server_call_recorder = nullptr; }
  RecordedCalls(const RecordedCalls&) = delete;
  RecordedCalls& operator=(const RecordedCalls&) = delete;

  void record(const basics::ServerCall& call) noexcept override {
    BOOST_TEST(call.host == "127.0.0.1");
    BOOST_TEST(call.port == server().port());
    BOOST_TEST(call.peer == "127.0.0.1");
    BOOST_TEST(call.duration.count() > 0);
    text += std::string(call.command) + " " + std::to_string(call.commands);
    if (!call.error_prefix.empty()) text += " " + std::string(call.error_prefix);
    if (call.failure != nullptr) text += " " + std::string(to_string(call.failure->code()));
    text += "\n";
  }
  std::string text;
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(calls_on_a_connection_that_is_lent_are_told_to_who_traces, Connected) {
  const RedisCommand both[]{{"SET", "text", "x"}, {"INCR", "text"}};
  RecordedCalls calls;
  {
    const auto session = redis->open_session();
    BOOST_REQUIRE(session.ok());
    (void)session.value()->watch({{"text"}});
    (void)session.value()->pipeline(both);
    (void)session.value()->call({"GET", "text"});
    (void)session.value()->execute(both);
  }
  (void)redis->call(RedisCommand("BLPOP", "none", "10").timeout(50ms));
  BOOST_TEST(calls.text == "WATCH 1\nSET 2 ERR\nGET 1\nMULTI 4\nBLPOP 1 timeout\n");
}

BOOST_FIXTURE_TEST_CASE(a_transaction_is_done_in_one_step, Connected) {
  const RedisCommand commands[]{{"INCR", "a"}, {"LPUSH", "a", "x"}, {"INCR", "b"}};
  const auto result = redis->transact(commands);
  BOOST_REQUIRE(result.ok());
  BOOST_TEST(result.value().committed);
  BOOST_REQUIRE(result.value().replies.size() == 3U);
  BOOST_TEST(result.value().replies[0].integer() == 1);
  BOOST_TEST(result.value().replies[1].is_error());
  BOOST_TEST(result.value().replies[2].integer() == 1);
  const auto nothing = redis->transact(std::span<const RedisCommand>());
  BOOST_REQUIRE(nothing.ok());
  BOOST_TEST(nothing.value().committed);
}

BOOST_FIXTURE_TEST_CASE(a_transaction_that_the_server_refuses_has_no_effect, Connected) {
  const RedisCommand commands[]{{"INCR", "a"}, {"NOSUCHCOMMAND"}};
  const auto result = redis->transact(commands);
  BOOST_REQUIRE(!result.ok());
  BOOST_TEST((result.error().code() == ErrorCode::refused));
  BOOST_TEST(result.error().message().find("unknown command") != std::string_view::npos);
  BOOST_TEST(!probe.exists("a"));
  const RedisCommand nested[]{{"INCR", "a"}, {"EXEC"}};
  const auto refused = redis->transact(nested);
  BOOST_REQUIRE(!refused.ok());
  BOOST_TEST((refused.error().code() == ErrorCode::bad_argument));
  BOOST_TEST(!probe.exists("a"));
}

BOOST_FIXTURE_TEST_CASE(a_transaction_that_may_not_begin_may_have_been_done_command_by_command, Connected) {
  probe.checked({"ACL", "SETUSER", "plain", "on", ">secret", "~*", "+@all", "-multi"});
  auto options = connection_options(server().port());
  options.username = "plain";
  options.password = Secret("secret");
  const auto plain = connect(options);
  const RedisCommand commands[]{{"INCR", "a"}, {"INCR", "a"}};
  const auto refused = plain->transact(commands);
  BOOST_REQUIRE(!refused.ok());
  BOOST_TEST((refused.error().code() == ErrorCode::refused));
  BOOST_TEST((refused.error().outcome() == Outcome::unknown));
  BOOST_TEST(probe.checked({"GET", "a"}).text == "2");
  probe.checked({"ACL", "DELUSER", "plain"});
}

BOOST_FIXTURE_TEST_CASE(a_conflict_is_reported_as_such_and_may_be_tried_again, Connected) {
  int bodies = 0;
  const auto body = [&](IRedisSession& session) -> Result<std::vector<RedisCommand>> {
    const auto answer = session.call({"GET", "stock"});
    const std::string now(answer.value().text());
    const int stock = now.empty() ? 0 : std::stoi(now);
    if (++bodies <= 2) probe.set("stock", std::to_string(stock + 10));
    return std::vector<RedisCommand>{{"SET", "stock", stock + 1}};
  };
  const auto once = redis->transact({"stock"}, body);
  BOOST_REQUIRE(once.ok());
  BOOST_TEST(!once.value().committed);
  BOOST_TEST((probe.get("stock") == "10"));
  const auto again = redis->transact({"stock"}, body, 5);
  BOOST_REQUIRE(again.ok());
  BOOST_TEST(again.value().committed);
  BOOST_TEST(bodies == 3);
  BOOST_TEST((probe.get("stock") == "21"));
  const auto given_up = redis->transact({"stock"}, [](IRedisSession&) -> Result<std::vector<RedisCommand>> {
    return Error(ErrorCode::bad_argument, "enough");
  });
  BOOST_TEST((!given_up.ok() && given_up.error().message() == "enough"));
  BOOST_TEST(redis->lent_connections() == 1U);
}

BOOST_FIXTURE_TEST_CASE(optimistic_increments_of_eight_threads_lose_none, Connected) {
  std::vector<std::thread> threads;
  std::atomic<int> committed{0};
  for (int thread = 0; thread < 8; ++thread)
    threads.emplace_back([&] {
      for (int round = 0; round < 20; ++round) {
        const auto result = redis->transact(
            {"n"},
            [](IRedisSession& session) -> Result<std::vector<RedisCommand>> {
              const auto now = session.call({"GET", "n"});
              const int value = now.value().is_nil() ? 0 : std::stoi(std::string(now.value().text()));
              return std::vector<RedisCommand>{{"SET", "n", value + 1}};
            },
            10'000);
        if (result.ok() && result.value().committed) ++committed;
      }
    });
  for (auto& thread : threads)
    thread.join();
  BOOST_TEST(committed == 160);
  BOOST_TEST((probe.get("n") == "160"));
}

BOOST_FIXTURE_TEST_CASE(a_session_that_left_something_behind_is_not_lent_again, Connected) {
  {
    auto session = redis->open_session();
    BOOST_REQUIRE(session.ok());
    BOOST_REQUIRE(session.value()->call({"SELECT", 5}).ok());
    BOOST_REQUIRE(session.value()->call({"SET", "elsewhere", "x"}).ok());
  }
  BOOST_TEST(redis->lent_connections() == 0U);
  {
    auto session = redis->open_session();
    BOOST_TEST(session.value()->call({"GET", "elsewhere"}).value().is_nil());
    BOOST_REQUIRE(session.value()->watch(std::vector<std::string_view>{"k"}).ok());
  }
  BOOST_TEST(redis->lent_connections() == 0U);
  {
    auto session = redis->open_session();
    BOOST_REQUIRE(session.value()->watch(std::vector<std::string_view>{"k"}).ok());
    BOOST_TEST(session.value()->discard().ok());
  }
  BOOST_TEST(redis->lent_connections() == 1U);
}

BOOST_FIXTURE_TEST_CASE(the_pool_is_bounded_and_waiting_for_it_counts_against_the_deadline, Connected) {
  auto options = connection_options(server().port());
  options.max_connections = 3;
  const auto small = connect(options);
  auto first = small->open_session();
  auto second = small->open_session();
  BOOST_REQUIRE((first.ok() && second.ok()));
  const Stopwatch watch;
  const auto third = small->open_session(100ms);
  BOOST_REQUIRE(!third.ok());
  BOOST_TEST((third.error().code() == ErrorCode::timeout));
  BOOST_TEST((watch.elapsed() >= 100ms));
  BOOST_TEST((watch.elapsed() < 2s * slowness));
  const RedisCommand commands[]{{"PING"}};
  BOOST_TEST((small->pipeline(commands, 50ms)[0].error().outcome() == Outcome::not_done));
  auto waiting = std::async(std::launch::async, [&] { return small->open_session(10s).ok(); });
  first = Error(ErrorCode::closed);
  BOOST_TEST(waiting.get());
  std::vector<std::thread> threads;
  std::atomic<int> done{0};
  for (int thread = 0; thread < 16; ++thread)
    threads.emplace_back([&] {
      for (int round = 0; round < 20; ++round)
        if (small->pipeline(commands, 20s)[0].ok()) ++done;
    });
  for (auto& thread : threads)
    thread.join();
  BOOST_TEST(done == 320);
  BOOST_TEST(small->lent_connections() <= 2U);
  options.max_connections = 1;
  BOOST_CHECK_THROW(RedisConnection{options}, std::invalid_argument);
}

BOOST_FIXTURE_TEST_CASE(a_lent_connection_that_nobody_uses_is_closed, Connected) {
  auto options = connection_options(server().port());
  options.max_idle_time = 50ms;
  options.client_name = "idle";
  const auto quick = connect(options);
  const RedisCommand commands[]{{"PING"}};
  for (int round = 0; round < 3; ++round) {
    BOOST_TEST(quick->pipeline(commands)[0].ok());
    BOOST_TEST(wait_until([&] { return quick->lent_connections() == 0U; }));
    BOOST_TEST(wait_until([&] { return probe.count_clients("idle") == 1U; }));
  }
}

BOOST_FIXTURE_TEST_CASE(a_lent_connection_that_died_is_not_used_again, Connected) {
  const RedisCommand commands[]{{"INCR", "n"}};
  BOOST_TEST(redis->pipeline(commands)[0].value().integer() == 1);
  probe.checked({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
  BOOST_TEST(redis->pipeline(commands)[0].value().integer() == 2);
}

BOOST_AUTO_TEST_SUITE_END()
