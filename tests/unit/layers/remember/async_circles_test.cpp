// Asynchronous computations that need their own value: what is told so, and what ends by a limit.

#include "support/wait_until.hpp"
#include "unit/layers/remember/computing_world.hpp"

#include <cachesite/async_remember.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;
using test::ComputingWorld;
using test::wait_until;

BOOST_AUTO_TEST_SUITE(async_circles)

namespace {

std::string text_or_code(const Lookup& found) {
  if (found.failed()) return std::string(to_string(found.error().code()));
  return found.hit() ? std::string(found.value().text()) : "miss";
}

// A factory whose awaitable is the value of `key`, which it asks the same cache for.
auto needing(
    ComputingWorld& world, std::string key, std::function<std::string()> factory = [] { return "inner"; }) {
  return [&world, key = std::move(key), factory = std::move(factory)] {
    ++world.runs;
    return world.cache->async_remember(key, 1min, factory).map([](const Lookup& inner) {
      return "needs " + text_or_code(inner);
    });
  };
}

std::string ask(ComputingWorld& world, const std::string& key) {
  return text_or_code(world.cache->async_remember("k", 1min, needing(world, key)).wait());
}

// The next computation of the key works, which a hard limit may end on a busy machine.
void expect_whole(ComputingWorld& world) {
  BOOST_TEST(wait_until([&] { return world.statistics().abandoned_now == 0U; }));
  BOOST_TEST(world.cache->remove("k").ok());
  const auto next = [] { return "next"; };
  BOOST_TEST(wait_until(
      [&] { return text_or_code(world.cache->async_remember("k", 1min, next).wait()) == "next"; }));
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_plain_factory_that_asks_for_its_own_key_on_its_thread_is_told_so) {
  ComputingWorld world([](auto&) {});
  std::string message;
  const auto outer = [&] {
    const auto inner = world.give("unused");
    message = inner.failed() ? std::string(inner.error().message()) : "no failure";
    return "outer";
  };
  BOOST_TEST(text_or_code(world.cache->async_remember("k", 1min, outer).wait()) == "outer");
  BOOST_TEST(message.find("\"k\" needs itself") != std::string::npos, message);
  BOOST_TEST(world.runs == 0);
}

BOOST_AUTO_TEST_CASE(a_plain_factory_is_told_so_through_another_key_too) {
  ComputingWorld world([](auto&) {});
  std::string message;
  const auto middle = [&] {
    const auto inner = world.give("unused");
    message = inner.failed() ? std::string(inner.error().message()) : "no failure";
    return "middle";
  };
  const auto outer = [&] { return text_or_code(world.cache->remember("other", 1min, middle)); };
  BOOST_TEST(text_or_code(world.cache->async_remember("k", 1min, outer).wait()) == "middle");
  BOOST_TEST(message.find("\"k\" needs itself") != std::string::npos, message);
  BOOST_TEST(world.runs == 0);
}

BOOST_AUTO_TEST_CASE(an_awaitable_that_needs_its_own_key_ends_at_wait) {
  ComputingWorld world([](auto& options) {
    options.wait = 5ms;
    options.on_lock_failure = OnLockFailure::error;
  });
  BOOST_TEST(ask(world, "k") == "needs timeout");
  BOOST_TEST(world.runs == 1);
  BOOST_TEST(world.statistics().joined == 1U);
  BOOST_TEST(world.statistics().hard_timeouts == 0U);
  expect_whole(world);
}

BOOST_AUTO_TEST_CASE(after_wait_it_computes_for_itself_where_that_is_wanted) {
  ComputingWorld world([](auto& options) {
    options.wait = 5ms;
    options.on_lock_failure = OnLockFailure::compute;
  });
  BOOST_TEST(ask(world, "k") == "needs inner");
  BOOST_TEST(world.runs == 1);
  expect_whole(world);
}

BOOST_AUTO_TEST_CASE(awaitables_that_need_each_other_s_keys_end_at_wait) {
  ComputingWorld world([](auto& options) {
    options.wait = 5ms;
    options.on_lock_failure = OnLockFailure::error;
  });
  const auto back = [&world] {
    return world.cache->async_remember("k", 1min, [] { return "inner"; }).map([](const Lookup& inner) {
      return "back by " + text_or_code(inner);
    });
  };
  const auto outer = [&world, back] {
    return world.cache->async_remember("other", 1min, back).map([](const Lookup& inner) {
      return "needs " + text_or_code(inner);
    });
  };
  BOOST_TEST(text_or_code(world.cache->async_remember("k", 1min, outer).wait()) == "needs back by timeout");
  expect_whole(world);
}

BOOST_AUTO_TEST_CASE(without_a_wait_that_ends_the_hard_limit_ends_both) {
  ComputingWorld world([](auto& options) {
    options.wait = 1h;
    options.factory_hard = 10ms;
  });
  BOOST_TEST(ask(world, "k") == "timeout");
  BOOST_TEST(
      wait_until([&] { return world.statistics().late_dropped + world.statistics().late_stored == 1; }));
  BOOST_TEST(world.statistics().hard_timeouts == 1U);
  expect_whole(world);
}

BOOST_AUTO_TEST_CASE(the_patience_of_the_inner_call_ends_it_sooner) {
  ComputingWorld world([](auto& options) { options.wait = 1h; });
  const auto outer = [&world] {
    return world.cache->async_remember("k", 1min, [] { return "inner"; }, {.patience = 5ms})
        .map([](const Lookup& inner) { return "needs " + text_or_code(inner); });
  };
  BOOST_TEST(text_or_code(world.cache->async_remember("k", 1min, outer).wait()) == "needs timeout");
  expect_whole(world);
}

BOOST_AUTO_TEST_SUITE_END()
