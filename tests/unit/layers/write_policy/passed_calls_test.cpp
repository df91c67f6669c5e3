// Asynchronous calls of a WritePolicyCache that are about the cache alone: they need no thread.

#include "unit/event_loop/parts.hpp"
#include "unit/layers/remember/gated_stores.hpp"

#include <cachesite/async_call.hpp>
#include <cachesite/write_policy_cache.hpp>

#include <array>
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

std::shared_ptr<WritePolicyCache> over(std::shared_ptr<ICache> below) {
  WritePolicyCacheOptions options;
  options.over = Reference<ICache>(std::move(below));
  return std::make_shared<WritePolicyCache>(options);
}

Routine write(ICache& cache, bool& ended) {
  const Status written = co_await cache.async_write("k", "v", 1h);
  ended = true;
  (void)written;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(write_policy_passed_calls)

BOOST_AUTO_TEST_CASE(calls_wait_for_the_cache_below_without_a_thread) {
  const auto below = std::make_shared<GatedStores>();
  const auto cache = over(below);
  below->hold();
  const std::array<CacheEntry, 1> entries{CacheEntry{"m", ByteView("v"), 1h}};
  std::vector<Status> stored(1, Status(Done{}));
  auto written = cache->async_write("k", "v", 1h).future();
  auto read = cache->async_get("k").future();
  auto counted = cache->async_increment("n", 3, 1h).future();
  auto many = cache->async_set_many(entries, stored).future();
  auto size = cache->async_size().future();
  auto removed = cache->async_remove("k").future();
  auto cleared = cache->async_clear().future();
  BOOST_TEST(below->held() == 7U);
  while (below->release()) {
  }
  BOOST_TEST(written.get().ok());
  BOOST_TEST(read.get().value().text() == "v");
  BOOST_TEST(counted.get().value_or(0) == 3);
  BOOST_TEST(many.get().ok());
  BOOST_TEST(size.get().value_or(0) == 3U);
  BOOST_TEST(removed.get().value_or(false));
  BOOST_TEST(cleared.get().ok());
  BOOST_TEST(below->asked_by_threads() == 0);
}

BOOST_AUTO_TEST_CASE(over_memory_a_call_ends_at_once) {
  const auto cache = over(std::make_shared<MemoryCache>());
  bool told = false;
  cache->async_write("k", "v", 1h).start([&](const Status& status) { told = status.ok(); });
  BOOST_TEST(told);
  bool found = false;
  cache->async_get("k").start([&](const Lookup& lookup) { found = lookup.hit(); });
  BOOST_TEST(found);
}

BOOST_AUTO_TEST_CASE(a_call_fails_as_the_cache_below_does_is_cancelled_or_abandoned_there) {
  const auto below = std::make_shared<GatedStores>();
  const auto cache = over(below);
  below->failing = 1;
  const auto failed = cache->async_write("k", "v", 1h).wait();
  BOOST_TEST((!failed.ok() && failed.error().code() == ErrorCode::unreachable));
  below->hold();
  std::stop_source stop;
  auto cancelled = cache->async_write("k", "v", 1h, {.stop = stop.get_token()}).future();
  bool ended = false;
  {
    const auto routine = write(*cache, ended);
    BOOST_TEST(below->held() == 2U);
  }
  BOOST_TEST(below->held() == 1U);
  stop.request_stop();
  const auto unknown = cancelled.get();
  BOOST_TEST((!unknown.ok() && unknown.error().outcome() == Outcome::unknown));
  BOOST_TEST(!ended);
}

BOOST_AUTO_TEST_CASE(after_stop_every_call_is_refused_and_what_is_under_way_goes_on) {
  const auto below = std::make_shared<GatedStores>();
  const auto cache = over(below);
  below->hold();
  auto under_way = cache->async_write("k", "v", 1h).future();
  cache->stop();
  const auto refused = cache->async_write("k", "w", 1h).wait();
  BOOST_TEST((!refused.ok() && refused.error().code() == ErrorCode::closed));
  BOOST_TEST(below->release());
  BOOST_TEST(under_way.get().ok());
}

BOOST_AUTO_TEST_CASE(asynchronous_changes_leave_queued_values_alone) {
  const auto below = std::make_shared<GatedStores>();
  const auto cache = over(below);
  std::promise<void> open;
  auto opened = open.get_future().share();
  std::vector<std::string> origin;
  const auto queued = cache->write_behind(
      "k", "queued", 1h, [&origin, opened](std::string_view, std::optional<ByteView> value) -> Status {
        opened.wait();
        origin.emplace_back(value->text());
        return Done{};
      });
  BOOST_TEST((queued.ok() && queued.value() == OriginWrite::queued));
  below->forget_questions();
  BOOST_TEST(cache->async_write("k", "newer", 1h).wait().ok());
  BOOST_TEST(cache->async_remove("k").wait().value_or(false));
  BOOST_TEST(below->asked_by_threads() == 0);
  open.set_value();
  BOOST_TEST(cache->flush(10s).ok());
  BOOST_TEST(origin == std::vector<std::string>{"queued"}, boost::test_tools::per_element());
  BOOST_TEST(cache->get("k").miss());
}

BOOST_AUTO_TEST_SUITE_END()
