#include "support/wait_until.hpp"
#include "unit/async/parts.hpp"

#include <cachesite/tiered_cache.hpp>

#include <chrono>
#include <future>
#include <memory>
#include <string>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

struct World {
  World() {
    TieredCacheOptions options;
    options.over = std::shared_ptr<ICache>(far);
    options.near = std::shared_ptr<ICache>(std::make_shared<MemoryCache>());
    cache = std::make_shared<TieredCache>(options);
  }
  ~World() { far->open(); }

  std::shared_ptr<GatedCache> far = std::make_shared<GatedCache>();
  std::shared_ptr<TieredCache> cache;
};

Routine get(ICache& cache, std::string& to) {
  const auto found = co_await cache.async_get("key");
  to = found.hit() ? std::string(found.value().text()) : "none";
}
Routine write(ICache& cache) {
  const auto written = co_await cache.async_write("key", "new", 1h);
  (void)written;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tiered_async)

BOOST_AUTO_TEST_CASE(a_copy_answers_a_coroutine_at_once_and_a_far_read_leaves_one) {
  World world;
  BOOST_TEST(world.far->set_value("key", "value", 1h));
  BOOST_TEST(world.cache->async_get("key").wait().value().text() == "value");
  BOOST_TEST(world.cache->tier_statistics().fills == 1U);
  world.far->close();
  std::string found;
  const auto routine = get(*world.cache, found);
  BOOST_TEST(found == "value");
  BOOST_TEST(world.cache->tier_statistics().near_hits == 1U);
}

BOOST_AUTO_TEST_CASE(a_write_during_a_fill_wins) {
  World world;
  BOOST_TEST(world.far->set_value("key", "old", 1h));
  bool written = false;
  world.far->after_call = [&](const CacheRequest& request) {
    if (request.operation == CacheOperation::read && !std::exchange(written, true))
      BOOST_TEST(world.cache->set_value("key", "new", 1h));
  };
  BOOST_TEST(world.cache->async_get("key").wait().value().text() == "old");
  BOOST_TEST(written);
  BOOST_TEST(world.cache->get("key").value().text() == "new");
  BOOST_TEST(world.cache->async_get("key").wait().value().text() == "new");
}

BOOST_AUTO_TEST_CASE(a_change_whose_caller_is_gone_leaves_no_copy) {
  World world;
  BOOST_TEST(world.cache->set_value("key", "old", 1h));
  BOOST_TEST(world.cache->near_size() == 1U);
  world.far->close();
  {
    const auto routine = write(*world.cache);
    BOOST_TEST(wait_until([&] { return world.far->waiting() == 1; }));
  }
  BOOST_TEST(world.cache->near_size() == 0U);
}

BOOST_AUTO_TEST_CASE(asynchronous_changes_are_seen_in_the_near_tier) {
  World world;
  BOOST_TEST(world.cache->async_write("key", "1", 1h).wait().ok());
  BOOST_TEST(world.cache->get("key").value().text() == "1");
  BOOST_TEST(world.cache->async_increment("key", 1, 1h).wait().value() == 2);
  BOOST_TEST(world.cache->get("key").value().text() == "2");
  BOOST_TEST(world.cache->async_remove("key").wait().value());
  BOOST_TEST(world.cache->get("key").miss());
  BOOST_TEST(world.cache->async_write("key", "3", 1h).wait().ok());
  BOOST_TEST(world.cache->async_clear().wait().ok());
  BOOST_TEST(world.cache->get("key").miss());
}

BOOST_AUTO_TEST_SUITE_END()
