// Limits on Redis among programs, and what the server sees of a call.

#include "support/chaos_proxy.hpp"
#include "support/process.hpp"
#include "support/server_clock.hpp"
#include "support/shared_numbers.hpp"
#include "support/wait_until.hpp"

#include <cachesite/redis_connection.hpp>
#include <cachesite/sliding_window_limiter.hpp>
#include <cachesite/token_bucket_limiter.hpp>

#include <algorithm>
#include <iostream>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

template <class Limiter>
std::shared_ptr<Limiter> limiter_at(std::uint16_t port, const std::string& rate, RateLimitForm form,
                                    std::optional<std::string> prefix = {}) {
  typename Limiter::Options options;
  options.host = "127.0.0.1";
  options.port = port;
  options.rate = rate;
  options.form = form;
  options.prefix = std::move(prefix);
  options.timeout = 30s;
  options.socket_timeout = 30s;
  options.socket_connect_timeout = 30s;
  auto limiter = std::make_shared<Limiter>(options);
  limiter->start();
  limiter->await_started();
  return limiter;
}

/// Four processes of 16 threads that call all the time. `rate` is 40/second.
void run_a_crowd(const std::string& kind, const std::string& form,
                 const std::vector<int>& allowed_after_125ms) {
  RedisServerWithClock server;
  const TemporaryDirectory folder;
  SharedNumbers<4> numbers(folder.file("numbers"));
  std::vector<Process> programs;
  for (int program = 0; program < 4; ++program)
    programs.emplace_back(std::vector<std::string>{CACHESITE_LIMIT_WORKER, std::to_string(server->port()),
                                                   kind, form, "40/second", "16", folder.file("numbers")});
  std::int64_t expected = 40;
  const auto let_all_call = [&] {
    const auto wanted = numbers[1].load() + 4 * 16 * 4;
    BOOST_REQUIRE(wait_until([&] { return numbers[1] >= wanted; }, 60s));
    BOOST_REQUIRE_EQUAL(numbers[2].load(), expected);
    BOOST_REQUIRE_EQUAL(numbers[3].load(), 0);
  };
  BOOST_REQUIRE(wait_until([&] { return numbers[1] >= 2000 && numbers[2] >= expected; }, 60s));
  let_all_call();
  for (const int more : allowed_after_125ms) {
    server.advance(125ms);
    expected += more;
    BOOST_TEST(wait_until([&] { return numbers[2] >= expected; }, 60s));
    let_all_call();
  }
  numbers[0] = 1;
  for (auto& program : programs)
    BOOST_TEST(program.wait_for_exit(60s).value_or(-1) == 0);
  std::cout << "4 processes of 16 threads, " << kind << " in the form of " << form << ": " << numbers[1]
            << " calls, " << numbers[2] << " allowed of " << expected << "\n";
}

/// A program of another language (programs/foreign_limiter.py).
class Foreign {
 public:
  Foreign(RedisServer& server, std::vector<std::string> arguments)
      : process_(with_program(server, std::move(arguments)), options()) {}

  std::string take(const std::string& key, std::uint64_t cost = 1) {
    process_.write_input(key + " " + std::to_string(cost) + "\n");
    ++answers_;
    BOOST_REQUIRE(wait_until([&] { return lines().size() >= answers_; }, 30s));
    return lines().at(answers_ - 1);
  }

 private:
  static std::vector<std::string> with_program(RedisServer& server, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(),
                     {"/usr/bin/python3", CACHESITE_FOREIGN_LIMITER, std::to_string(server.port())});
    return arguments;
  }
  static ProcessOptions options() {
    ProcessOptions options;
    options.keep_input_open = true;
    return options;
  }
  [[nodiscard]] std::vector<std::string> lines() const {
    std::vector<std::string> all;
    std::istringstream text(process_.output());
    for (std::string line; std::getline(text, line) && !text.eof();)
      all.push_back(line);
    return all;
  }

  Process process_;
  std::size_t answers_ = 0;
};

std::string take(IRateLimiter& limiter, const std::string& key, std::uint64_t cost = 1) {
  const auto answer = limiter.acquire(key, cost);
  BOOST_REQUIRE(answer.ok());
  BOOST_REQUIRE(!answer.value().without_server);
  const auto& decision = answer.value();
  return std::to_string(decision.allowed ? 1 : 0) + " " + std::to_string(decision.limit) + " " +
         std::to_string(decision.remaining);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(redis_rate_limiter)

BOOST_AUTO_TEST_CASE(four_processes_of_16_threads_take_from_a_bucket_what_is_in_it) {
  run_a_crowd("bucket", "cachesite", {5, 5, 5, 5});
}

BOOST_AUTO_TEST_CASE(four_processes_of_16_threads_take_from_a_window_what_it_allows) {
  run_a_crowd("window", "cachesite", {0, 0, 0, 0, 0, 0, 0, 40, 0});
}

BOOST_AUTO_TEST_CASE(four_processes_of_16_threads_take_from_a_bucket_of_redis_kit_what_is_in_it) {
  run_a_crowd("bucket", "redis_kit", {5, 5, 5, 5});
}

BOOST_AUTO_TEST_CASE(four_processes_of_16_threads_take_from_a_window_of_redis_kit_what_it_allows) {
  run_a_crowd("window", "redis_kit", {0, 0, 0, 0, 0, 0, 0, 40, 0});
}

BOOST_AUTO_TEST_CASE(a_python_program_takes_from_the_same_buckets) {
  RedisServerWithClock server;
  const auto own = limiter_at<TokenBucketLimiter>(server->port(), "7/2s", RateLimitForm::redis_kit, "shared");
  Foreign python(*server, {"bucket", "shared", "3.5", "7"});
  BOOST_TEST(take(*own, "key", 2) == "1 7 5");
  BOOST_TEST(python.take("key", 3) == "1 7 2");
  BOOST_TEST(take(*own, "key", 3) == "0 7 2");
  BOOST_TEST(python.take("key", 2) == "1 7 0");
  BOOST_TEST(python.take("key") == "0 7 0");
  server.advance(1s);
  BOOST_TEST(python.take("key", 3) == "1 7 0");
  BOOST_TEST(take(*own, "key") == "0 7 0");
  server.advance(500ms);
  BOOST_TEST(take(*own, "key") == "1 7 1");
}

BOOST_AUTO_TEST_CASE(a_python_program_takes_from_the_same_windows) {
  RedisServerWithClock server;
  const auto own = limiter_at<SlidingWindowLimiter>(server->port(), "3/minute", RateLimitForm::redis_kit);
  Foreign python(*server, {"window", "redis_kit:rl:sw", "3", "60"});
  BOOST_TEST(take(*own, "key") == "1 3 2");
  server.advance(10s);
  BOOST_TEST(python.take("key") == "1 3 1");
  BOOST_TEST(take(*own, "key") == "1 3 0");
  BOOST_TEST(python.take("key") == "0 3 0");
  BOOST_TEST(own->acquire("key").value().retry_after.count() == 50'000);
  server.advance(50s);
  BOOST_TEST(python.take("key") == "1 3 0");
  BOOST_TEST(take(*own, "key") == "0 3 0");
}

BOOST_AUTO_TEST_CASE(a_bucket_is_written_as_a_python_program_writes_it_byte_for_byte) {
  RedisServerWithClock server;
  const auto own =
      limiter_at<TokenBucketLimiter>(server->port(), "100/minute", RateLimitForm::redis_kit, "own");
  Foreign python(*server, {"bucket", "python", "1.6666666666666667", "100"});
  auto probe = server->probe();
  std::mt19937 random(1);
  for (int step = 0; step < 60; ++step) {
    const std::uint64_t cost = 1 + random() % 40;
    BOOST_TEST(take(*own, "key", cost) == python.take("key", cost));
    for (const char* end : {"tokens", "ts"}) {
      const auto mine = std::string("{own:key}:") + end;
      const auto theirs = std::string("{python:key}:") + end;
      BOOST_TEST(probe.get(mine).value_or("nothing") == probe.get(theirs).value_or("none"));
      BOOST_TEST(probe.ttl_milliseconds(mine) == probe.ttl_milliseconds(theirs));
    }
    server.advance(std::chrono::microseconds(random() % 20'000'000));
  }
  BOOST_TEST(probe.keys().size() <= 4U);
}

BOOST_AUTO_TEST_CASE(a_window_is_written_as_a_python_program_writes_it_but_for_the_names_of_its_members) {
  RedisServerWithClock server;
  const auto own =
      limiter_at<SlidingWindowLimiter>(server->port(), "5/minute", RateLimitForm::redis_kit, "own");
  Foreign python(*server, {"window", "python", "5", "60"});
  auto probe = server->probe();
  std::mt19937 random(2);
  for (int step = 0; step < 60; ++step) {
    BOOST_TEST(take(*own, "key") == python.take("key"));
    const auto mine = probe.checked({"ZRANGE", "own:key", "0", "-1", "WITHSCORES"}).elements;
    const auto theirs = probe.checked({"ZRANGE", "python:key", "0", "-1", "WITHSCORES"}).elements;
    BOOST_REQUIRE_EQUAL(mine.size(), theirs.size());
    for (std::size_t index = 0; index < mine.size(); index += 2) {
      BOOST_TEST(mine[index].text.size() == 32U);
      BOOST_TEST((mine[index].text.find_first_not_of("0123456789abcdef") == std::string::npos));
      BOOST_TEST(mine[index + 1].text == theirs[index + 1].text);
    }
    BOOST_TEST(probe.ttl_milliseconds("own:key") == probe.ttl_milliseconds("python:key"));
    server.advance(std::chrono::microseconds(random() % 30'000'000));
  }
}

BOOST_AUTO_TEST_CASE(a_call_is_one_round_trip_and_two_when_the_server_has_lost_the_script) {
  RedisServer server;
  for (const auto form : {RateLimitForm::cachesite, RateLimitForm::redis_kit}) {
    ChaosProxy proxy(server.port());
    const std::vector<std::shared_ptr<IRateLimiter>> limiters{
        limiter_at<TokenBucketLimiter>(proxy.port(), "3/hour", form),
        limiter_at<SlidingWindowLimiter>(proxy.port(), "3/hour", form)};
    auto probe = server.probe();
    for (const auto& limiter : limiters) {
      probe.command({"SCRIPT", "FLUSH"});
      auto monitor = server.monitor();
      const auto commands_of = [&](const std::function<void()>& act) {
        monitor.clear();
        const auto before = proxy.replies();
        act();
        std::string names;
        for (const auto& command : monitor.commands_so_far())
          if (command.client.starts_with("127.0.0.1:")) names += command.arguments.at(0) + " ";
        BOOST_TEST(proxy.replies() - before ==
                   static_cast<std::uint64_t>(std::count(names.begin(), names.end(), ' ')));
        return names;
      };
      BOOST_TEST(commands_of([&] { BOOST_TEST(limiter->acquire("key").ok()); }) == "EVALSHA EVAL ");
      for (int call = 0; call < 5; ++call)  // allowed and refused ones
        BOOST_TEST(commands_of([&] { BOOST_TEST(limiter->acquire("key").ok()); }) == "EVALSHA ");
      probe.command({"SCRIPT", "FLUSH"});
      BOOST_TEST(commands_of([&] { BOOST_TEST(limiter->acquire("key").ok()); }) == "EVALSHA EVAL ");
      BOOST_TEST(commands_of([&] { BOOST_TEST(limiter->acquire("key").ok()); }) == "EVALSHA ");
      BOOST_TEST(commands_of([&] { BOOST_TEST(limiter->reset("key").value()); }) == "DEL ");
    }
  }
}

BOOST_AUTO_TEST_CASE(limiters_with_names_have_limits_of_their_own_and_the_same_name_shares_them) {
  RedisServer server;
  const auto named = [&](const char* name, const char* rate) {
    TokenBucketLimiterOptions options;
    options.host = "127.0.0.1";
    options.port = server.port();
    options.rate = rate;
    options.timeout = 30s;
    ComponentContext context;
    context.name = name;
    auto limiter = std::make_shared<TokenBucketLimiter>(options, context);
    limiter->start();
    limiter->await_started();
    return limiter;
  };
  const auto api = named("api", "50/hour");
  const auto login = named("login", "5/hour");
  BOOST_TEST(take(*login, "ip", 5) == "1 5 0");
  BOOST_TEST(take(*api, "ip") == "1 50 49");
  BOOST_TEST(take(*login, "ip") == "0 5 0");
  BOOST_TEST(take(*named("login", "5/hour"), "ip") == "0 5 0");
  BOOST_TEST(take(*named("", "5/hour"), "login:ip") == "1 5 4");
}

BOOST_AUTO_TEST_CASE(a_refused_call_in_the_own_form_writes_nothing) {
  RedisServer server;
  auto probe = server.probe();
  const std::vector<std::shared_ptr<IRateLimiter>> limiters{
      limiter_at<TokenBucketLimiter>(server.port(), "2/hour", RateLimitForm::cachesite),
      limiter_at<SlidingWindowLimiter>(server.port(), "2/hour", RateLimitForm::cachesite)};
  for (const auto& limiter : limiters) {
    const auto changes = [&] { return probe.info("rdb_changes_since_last_save"); };
    const auto at_first = changes();
    BOOST_TEST(limiter->acquire("key", 2).value().allowed);
    const auto before = changes();
    BOOST_TEST(before != at_first);
    for (int call = 0; call < 10; ++call)
      BOOST_TEST(!limiter->acquire("key").value().allowed);
    BOOST_TEST(changes() == before);
  }
}

BOOST_AUTO_TEST_SUITE_END()
