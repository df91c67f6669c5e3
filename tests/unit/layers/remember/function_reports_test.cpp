// What functions made by `cached` and `evicting` say of a cache that fails.

#include "support/collecting_logger.hpp"
#include "support/fake_clock.hpp"
#include "unit/layers/remember/moody_cache.hpp"

#include <cachesite/cached_function.hpp>
#include <cachesite/detail/failure_report.hpp>
#include <cachesite/evicting_function.hpp>
#include <cachesite/failover_cache.hpp>
#include <cachesite/memory_cache.hpp>
#include <cachesite/redis_cache.hpp>
#include <cachesite/remember_cache.hpp>
#include <cachesite/tagged_cache.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;
using test::CollectingLogger;
using test::MoodyCache;

BOOST_AUTO_TEST_SUITE(function_reports)

namespace {

struct World {
  World() {
    ComponentContext context;
    context.logger = logger;
    memory = std::make_shared<MemoryCache>(MemoryCacheOptions{}, context);
    below = std::make_shared<MoodyCache>(memory);
  }
  std::shared_ptr<CollectingLogger> logger = std::make_shared<CollectingLogger>();
  std::shared_ptr<MemoryCache> memory;
  std::shared_ptr<MoodyCache> below;
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_failing_cache_does_not_fail_a_function_unless_it_is_asked_to) {
  World world;
  world.below->reads_fail = true;
  world.below->writes_fail = true;
  const auto function = cached(world.below, "{0}", 1min, [](int number) { return std::to_string(number); });
  BOOST_TEST(function(7) == "7");
}

BOOST_AUTO_TEST_CASE(a_cached_function_warns_in_the_log_of_its_cache_once_in_a_while) {
  World world;
  world.below->reads_fail = true;
  const auto function =
      cached(world.below, "secret:{0}", 1min, [](int number) { return std::to_string(number); });
  const auto copy = function;
  for (int call = 0; call < 20; ++call)
    BOOST_TEST((call % 2 == 0 ? function : copy)(7) == "7");
  BOOST_TEST(world.logger->count() == 1U);
  BOOST_TEST(world.logger->count(LogLevel::warning,
                                 "the cache of a function fails; calls continue without it") == 1U);
  BOOST_TEST(world.logger->count(LogLevel::warning, "reason=the server is away") == 1U);
  BOOST_TEST(world.logger->text().find("secret:") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_evicting_function_warns_of_what_it_could_not_remove) {
  World world;
  const auto rename = evicting(world.below, "user:{0}", [](int) {});
  BOOST_REQUIRE(world.memory->set_value("user:7", "old", 1min));
  rename(7);
  BOOST_TEST(world.logger->count() == 0U);
  world.memory->stop();
  rename(7);
  rename(8);
  BOOST_TEST(world.logger->count() == 1U);
  BOOST_TEST(world.logger->count(LogLevel::warning, "what is out of date could not be removed") == 1U);
}

BOOST_AUTO_TEST_CASE(tags_that_could_not_be_evicted_are_warned_of_as_well) {
  World world;
  TaggedCacheOptions options;
  options.over = Reference<ICache>(world.below);
  const auto tagged = std::make_shared<TaggedCache>(options);
  const auto rename =
      evicting(tagged, std::nullopt, [](int) {},
               {.tags = [](int number) { return std::vector{"user:" + std::to_string(number)}; }});
  rename(7);
  BOOST_TEST(world.logger->count() == 0U);
  world.memory->stop();
  rename(7);
  BOOST_TEST(world.logger->count(LogLevel::warning, "what is out of date could not be removed") == 1U);
}

BOOST_AUTO_TEST_CASE(a_function_that_is_told_keeps_the_log_quiet) {
  World world;
  world.below->reads_fail = true;
  int told = 0;
  const auto function = cached(world.below, "{0}", 1min, [](int number) { return std::to_string(number); },
                               {.report = [&](const Error&) { ++told; }});
  BOOST_TEST(function(7) == "7");
  BOOST_TEST(function(7) == "7");
  BOOST_TEST(told == 2);
  world.memory->stop();
  evicting(world.below, "{0}", [](int) {}, {.report = [&](const Error&) { ++told; }})(7);
  BOOST_TEST(told == 3);
  BOOST_TEST(world.logger->count() == 0U);
}

BOOST_AUTO_TEST_CASE(layers_give_the_logger_of_the_cache_below_them) {
  World world;
  BOOST_TEST((world.memory->logger() == world.logger));
  RememberCacheOptions options;
  options.over = Reference<ICache>(world.below);
  BOOST_TEST((RememberCache(options).logger() == world.logger));
  FailoverCacheOptions failover;
  failover.over = Reference<ICache>(world.below);
  BOOST_TEST((FailoverCache(failover).logger() == world.logger));
  ComponentContext context;
  context.logger = world.logger;
  BOOST_TEST((RedisCache(RedisCacheOptions{}, context).logger() == world.logger));
}

BOOST_AUTO_TEST_CASE(a_report_writes_again_after_ten_seconds_and_says_how_many_it_kept) {
  const auto logger = std::make_shared<CollectingLogger>();
  const auto clock = std::make_shared<test::FakeClock>();
  const detail::FailureReport report({}, logger, "the cache fails", clock);
  const auto copy = report;
  report(Error(ErrorCode::timeout, "no answer"));
  BOOST_TEST(logger->text() == "warning cache: the cache fails code=timeout reason=no answer failures=1\n");
  logger->clear();
  for (int number = 0; number < 5; ++number)
    copy(Error(ErrorCode::timeout, "no answer"));
  clock->advance(9999ms);
  report(Error(ErrorCode::timeout, "no answer"));
  BOOST_TEST(logger->count() == 0U);
  clock->advance(1ms);
  copy(Error(ErrorCode::unreachable, "no server"));
  BOOST_TEST(logger->text() ==
             "warning cache: the cache fails code=unreachable reason=no server failures=7\n");
}

BOOST_AUTO_TEST_CASE(a_report_without_anybody_to_tell_says_nothing) {
  const detail::FailureReport report({}, nullptr, "the cache fails");
  report(Error(ErrorCode::timeout));
}

BOOST_AUTO_TEST_CASE(a_named_argument_without_a_place_is_refused) {
  World world;
  const auto length = [](int number) { return std::to_string(number); };
  BOOST_CHECK_THROW((void)cached(world.below, "u", 1min, length, {.names = {"id"}}), std::invalid_argument);
  BOOST_CHECK_THROW((void)evicting(world.below, "u", length, {.names = {"id"}}), std::invalid_argument);
  BOOST_TEST(cached(world.below, "u", 1min, length, {.names = {""}}).key(7) == "u");
}

BOOST_AUTO_TEST_CASE(a_template_that_gives_all_arguments_one_value_is_refused) {
  World world;
  const auto length = [](int number) { return std::to_string(number); };
  const auto complaint = [&](CachedOptions<int> options) -> std::string {
    try {
      (void)cached(world.below, "u", 1min, length, std::move(options));
      return "";
    } catch (const std::invalid_argument& refusal) {
      return refusal.what();
    }
  };
  BOOST_TEST(
      complaint({}) ==
      "key template \"u\": no argument has a placeholder, so all arguments would share one value; write "
      "{0}, or names = {\"\"} if they do not belong to the key");
  BOOST_TEST(complaint({.names = {""}}) == "");
  BOOST_TEST(cached(
                 world.below, [](int) { return "u"; }, 1min, length)
                 .key(7) == "u");
  BOOST_TEST(cached(world.below, "u", 1min, [] { return std::string(); }).key() == "u");
  // These change the one entry, or share the one limit, of all arguments.
  BOOST_CHECK_NO_THROW((void)evicting(world.below, "u", length));
}

BOOST_AUTO_TEST_SUITE_END()
