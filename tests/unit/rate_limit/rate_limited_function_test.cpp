#include "support/fake_clock.hpp"

#include <cachesite/rate_limited_function.hpp>
#include <cachesite/token_bucket_limiter.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(rate_limited_functions)

namespace {

struct World {
  std::shared_ptr<test::FakeClock> clock = std::make_shared<test::FakeClock>();
  std::shared_ptr<IRateLimiter> limiter;

  explicit World(const std::string& rate) {
    TokenBucketLimiterOptions options;
    options.rate = rate;
    ComponentContext context;
    context.clock = clock;
    limiter = std::make_shared<TokenBucketLimiter>(options, context);
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_function_runs_as_often_as_its_limit_allows_for_each_key) {
  World world("2/minute");
  int calls = 0;
  const auto find = rate_limited(world.limiter, "user:{id}",
                                 [&](int id, const std::string& reason) {
                                   ++calls;
                                   return reason + std::to_string(id);
                                 },
                                 {.names = {"id"}});
  BOOST_TEST(find.key(7, "any") == "user:7");
  BOOST_TEST(find(7, "a") == "a7");
  BOOST_TEST(find(7, "b") == "b7");
  BOOST_CHECK_THROW(find(7, "c"), RateLimitExceeded);
  BOOST_TEST(calls == 2);
  BOOST_TEST(find(8, "d") == "d8");
  world.clock->advance(30s);
  BOOST_TEST(find(7, "e") == "e7");
  BOOST_CHECK_THROW(find(7, "f"), RateLimitExceeded);
  BOOST_TEST(find.reset(7, "any").value());
  BOOST_TEST(find(7, "g") == "g7");
  const auto copy = find;
  BOOST_TEST(copy(7, "h") == "h7");
  BOOST_CHECK_THROW(find(7, "i"), RateLimitExceeded);
}

BOOST_AUTO_TEST_CASE(a_refusal_says_what_is_left_and_when_to_try_again) {
  World world("7/2s");
  const auto act = rate_limited(world.limiter, "all", [](std::uint64_t) {},
                                {.cost = [](const std::uint64_t& cost) { return cost; }});
  act(5);
  try {
    act(6);
    BOOST_ERROR("it ran");
  } catch (const RateLimitExceeded& refused) {
    BOOST_TEST(refused.what() == "Rate limit exceeded: 2/7, retry after 1.2s");
    BOOST_TEST(refused.decision().remaining == 2U);
    BOOST_TEST(refused.decision().retry_after.count() == 1143);
    BOOST_TEST(refused.decision().reset_after.count() == 1429);
  }
  world.clock->advance(1142ms);
  BOOST_CHECK_THROW(act(6), RateLimitExceeded);
  world.clock->advance(1ms);
  act(6);
}

BOOST_AUTO_TEST_CASE(the_time_to_try_again_is_never_said_too_short) {
  const std::vector<std::pair<std::chrono::milliseconds, std::string>> texts{
      {1ms, "0.1s"}, {149ms, "0.2s"}, {1000ms, "1.0s"}, {1001ms, "1.1s"}, {60s, "60.0s"}};
  for (const auto& [time, text] : texts) {
    RateDecision decision;
    decision.limit = 7;
    decision.retry_after = time;
    BOOST_TEST(RateLimitExceeded(decision).what() == "Rate limit exceeded: 0/7, retry after " + text);
  }
}

BOOST_AUTO_TEST_CASE(a_limiter_that_fails_keeps_the_function_from_running) {
  World world("1/minute");
  bool ran = false;
  const auto act = rate_limited(
      world.limiter, [](int number) { return std::string(static_cast<std::size_t>(number), 'k'); },
      [&](int) { ran = true; });
  BOOST_CHECK_THROW(act(0), CacheError);
  world.limiter->stop();
  try {
    act(1);
    BOOST_ERROR("it ran");
  } catch (const CacheError& failure) {
    BOOST_TEST((failure.code() == ErrorCode::closed));
  }
  BOOST_TEST(!ran);
}

BOOST_AUTO_TEST_CASE(what_a_function_throws_goes_to_the_caller_and_has_its_price) {
  World world("1/minute");
  const auto act = rate_limited(world.limiter, "all", []() -> int { throw std::runtime_error("no"); });
  BOOST_CHECK_THROW(act(), std::runtime_error);
  BOOST_CHECK_THROW(act(), RateLimitExceeded);
}

BOOST_AUTO_TEST_CASE(arguments_are_passed_on_as_they_come) {
  World world("10/minute");
  const auto take = rate_limited(world.limiter, "all",
                                 [](std::unique_ptr<int> owned, int& counted) { return *owned + ++counted; });
  int counted = 1;
  BOOST_TEST(take(std::make_unique<int>(40), counted) == 42);
  BOOST_TEST(counted == 2);
}

BOOST_AUTO_TEST_CASE(a_wrong_template_and_no_limiter_are_refused_when_it_is_made) {
  World world("1/minute");
  const auto function = [](int) {};
  BOOST_CHECK_THROW((void)rate_limited(world.limiter, "user:{name}", function), std::invalid_argument);
  BOOST_CHECK_THROW((void)rate_limited(nullptr, "user:{0}", function), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
