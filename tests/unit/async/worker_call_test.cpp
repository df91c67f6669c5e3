// Calls of caches without an asynchronous form, which threads of a pool make.

#include "async/workers.hpp"
#include "parts.hpp"
#include "support/wait_until.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

Routine note(ICache& cache, std::string key, std::atomic<int>& ended, CallOptions options = {}) {
  const auto found = co_await cache.async_get(key, options);
  ended += found.failed() ? 100 : 1;
}

struct World {
  std::shared_ptr<GatedCache> cache = std::make_shared<GatedCache>();
  ~World() { cache->open(); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(worker_call)

BOOST_AUTO_TEST_CASE(a_layer_of_a_program_s_own_works_through_workers) {
  World world;
  BOOST_TEST(world.cache->async_set_value("key", "value", 1h).wait());
  const auto found = world.cache->async_get("key").wait();
  BOOST_REQUIRE(found.hit());
  BOOST_TEST(found.value().text() == "value");
  BOOST_TEST(world.cache->async_increment("counter", 5, 1h).wait().value() == 5);
  std::thread::id made_by;
  world.cache->before_call = [&](const CacheRequest&) { made_by = std::this_thread::get_id(); };
  BOOST_TEST(world.cache->async_contains("key").wait().value());
  BOOST_TEST((made_by != std::this_thread::get_id()));
}

BOOST_AUTO_TEST_CASE(there_are_so_many_workers_and_no_more_and_calls_beyond_the_line_are_refused) {
  World world;
  world.cache->close();
  constexpr auto all = async::Workers::most_threads + async::Workers::longest_line;
  std::vector<std::future<Lookup>> calls;
  for (std::size_t call = 0; call < async::Workers::most_threads; ++call)
    calls.push_back(world.cache->async_get("key").future());
  BOOST_TEST(wait_until([&] { return world.cache->waiting() == int(async::Workers::most_threads); }));
  while (calls.size() < all)
    calls.push_back(world.cache->async_get("key").future());
  const auto refused = world.cache->async_get("key").wait();
  BOOST_REQUIRE(refused.failed());
  BOOST_TEST((refused.error().code() == ErrorCode::refused));
  BOOST_TEST((refused.error().outcome() == Outcome::not_done));
  world.cache->open();
  bool missed = true;
  for (auto& call : calls)
    missed = call.get().miss() && missed;
  BOOST_TEST(missed);
  BOOST_TEST(world.cache->most_waiting() == int(async::Workers::most_threads));
  BOOST_TEST(world.cache->async_get("key").wait().miss());
}

BOOST_AUTO_TEST_CASE(a_call_that_takes_longer_than_its_caller_waits_ends_in_time_and_touches_nothing_later) {
  World world;
  world.cache->close();
  {
    const std::string value(100'000, 'v');
    std::string key = "key";
    auto ended = world.cache->async_write(key, value, 1h, {.patience = 5ms}).wait();
    // On a busy machine it may not have left the line in time.
    while (!ended.ok() && ended.error().outcome() == Outcome::not_done)
      ended = world.cache->async_write(key, value, 1h, {.patience = 50ms}).wait();
    BOOST_REQUIRE(!ended.ok());
    BOOST_TEST((ended.error().code() == ErrorCode::timeout));
    BOOST_TEST((ended.error().outcome() == Outcome::unknown));
    key = "gone";
  }
  world.cache->open();
  BOOST_TEST(wait_until([&] { return world.cache->below()->get("key").hit(); }));
}

BOOST_AUTO_TEST_CASE(a_call_in_line_ends_in_time_and_is_not_made) {
  World world;
  world.cache->close();
  std::vector<std::future<Lookup>> calls;
  for (std::size_t call = 0; call < async::Workers::most_threads; ++call)
    calls.push_back(world.cache->async_get("key").future());
  BOOST_TEST(wait_until([&] { return world.cache->waiting() == int(async::Workers::most_threads); }));
  const auto ended = world.cache->async_write("written", "value", 1h, {.patience = 5ms}).wait();
  BOOST_REQUIRE(!ended.ok());
  BOOST_TEST((ended.error().code() == ErrorCode::timeout));
  BOOST_TEST((ended.error().outcome() == Outcome::not_done));
  std::stop_source stop;
  auto stopped = world.cache->async_write("written", "value", 1h, {.stop = stop.get_token()}).future();
  stop.request_stop();
  const auto cancelled = stopped.get();
  BOOST_REQUIRE(!cancelled.ok());
  BOOST_TEST((cancelled.error().code() == ErrorCode::closed));
  BOOST_TEST((cancelled.error().outcome() == Outcome::not_done));
  world.cache->open();
  for (auto& call : calls)
    BOOST_TEST(call.get().miss());
  BOOST_TEST(world.cache->begun() == int(async::Workers::most_threads));
}

BOOST_AUTO_TEST_CASE(a_call_that_is_stopped_while_it_is_made_ends_at_once_and_may_have_been_made) {
  World world;
  world.cache->close();
  std::stop_source stop;
  auto call = world.cache->async_write("key", "value", 1h, {.stop = stop.get_token()}).future();
  BOOST_TEST(wait_until([&] { return world.cache->waiting() == 1; }));
  stop.request_stop();
  const auto ended = call.get();
  BOOST_REQUIRE(!ended.ok());
  BOOST_TEST((ended.error().code() == ErrorCode::closed));
  BOOST_TEST((ended.error().outcome() == Outcome::unknown));
  world.cache->open();
  BOOST_TEST(wait_until([&] { return world.cache->below()->get("key").hit(); }));
}

BOOST_AUTO_TEST_CASE(a_coroutine_may_be_destroyed_while_its_call_is_in_line_made_or_answered) {
  World world;
  world.cache->close();
  std::atomic<int> ended{0};
  EventLoop loop({.threads = 0});  // resumes them on this thread
  {
    std::vector<Routine> routines;
    for (std::size_t call = 0; call < async::Workers::most_threads + 10; ++call)
      routines.push_back(note(*world.cache, "key", ended, {.executor = &loop}));
    BOOST_TEST(wait_until([&] { return world.cache->waiting() == int(async::Workers::most_threads); }));
  }
  world.cache->open();
  BOOST_TEST(world.cache->async_get("key").wait().miss());
  for (int round = 0; round < 200; ++round) {
    const auto routine = note(*world.cache, "key", ended, {.executor = &loop});
    if (round % 3 == 0) std::this_thread::yield();
  }
  loop.run_ready();
  BOOST_TEST(world.cache->async_get("key").wait().miss());
}

BOOST_AUTO_TEST_CASE(a_cache_lives_until_its_calls_have_ended_even_if_their_callers_do_not_wait) {
  World world;
  const std::weak_ptr<ICache> memory = world.cache->below();
  world.cache->close();
  GatedCache* const cache = world.cache.get();
  auto call = cache->async_get("key").future();
  std::stop_source stop;
  auto stopped = cache->async_get("key", {.stop = stop.get_token()}).future();
  BOOST_TEST(wait_until([&] { return cache->waiting() == 2; }));
  stop.request_stop();
  BOOST_TEST((stopped.get().error().code() == ErrorCode::closed));
  world.cache = nullptr;
  BOOST_TEST(!memory.expired());
  cache->open();
  BOOST_TEST(call.get().miss());
  BOOST_TEST(wait_until([&] { return memory.expired(); }));
  world.cache = std::make_shared<GatedCache>();
}

BOOST_AUTO_TEST_CASE(the_caller_of_a_cache_that_nobody_owns_waits_for_the_end_of_its_call) {
  GatedCache cache;
  cache.close();
  std::stop_source stop;
  auto call = cache.async_get("key", {.stop = stop.get_token()}).future();
  BOOST_TEST(wait_until([&] { return cache.waiting() == 1; }));
  stop.request_stop();
  BOOST_TEST((call.wait_for(20ms) == std::future_status::timeout));
  cache.open();
  BOOST_TEST(call.get().miss());
}

BOOST_AUTO_TEST_CASE(a_call_that_a_worker_makes_within_another_needs_no_further_worker) {
  World world;
  const auto outer = std::make_shared<GatedCache>();
  std::atomic<std::size_t> misses{0};
  outer->before_call = [&](const CacheRequest& request) {
    if (request.operation == CacheOperation::read && world.cache->async_get("inner").wait().miss()) ++misses;
  };
  std::vector<std::future<Lookup>> calls;
  for (std::size_t call = 0; call < 2 * async::Workers::most_threads; ++call)
    calls.push_back(outer->async_get("outer").future());
  for (auto& call : calls)
    BOOST_TEST(call.get().miss());
  BOOST_TEST(misses == calls.size());
}

BOOST_AUTO_TEST_CASE(what_a_cache_throws_is_the_failure_of_the_call) {
  World world;
  world.cache->before_call = [](const CacheRequest&) { throw std::runtime_error("out of order"); };
  const auto found = world.cache->async_get("key").wait();
  BOOST_REQUIRE(found.failed());
  BOOST_TEST((found.error().code() == ErrorCode::refused));
  BOOST_TEST(found.error().message() == "out of order");
}

BOOST_AUTO_TEST_SUITE_END()
