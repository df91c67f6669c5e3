// What layers promise, kept for many asynchronous calls at once.

#include "parts.hpp"
#include "support/collecting_logger.hpp"
#include "support/fake_clock.hpp"
#include "support/faulty_cache.hpp"
#include "support/wait_until.hpp"

#include <cachesite/async_call.hpp>
#include <cachesite/failover_cache.hpp>
#include <cachesite/memory_cache.hpp>
#include <cachesite/metrics_cache.hpp>
#include <cachesite/tagged_cache.hpp>

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;

namespace {

struct FailoverWorld {
  FailoverWorld() {
    context.logger = logger;
    context.clock = clock;
    FailoverCacheOptions options;
    options.over = std::shared_ptr<ICache>(faulty);
    options.failover = std::shared_ptr<ICache>(second);
    cache = std::make_shared<FailoverCache>(options, context);
  }
  // How many of a hundred calls gave true.
  [[nodiscard]] int store_hundred() const {
    std::vector<std::future<bool>> calls;
    for (int index = 0; index < 100; ++index)
      calls.push_back(cache->async_set_value("key " + std::to_string(index), "value", 30min).future());
    int stored = 0;
    for (auto& call : calls)
      stored += call.get() ? 1 : 0;
    return stored;
  }

  std::shared_ptr<test::CollectingLogger> logger = std::make_shared<test::CollectingLogger>();
  std::shared_ptr<test::FakeClock> clock = std::make_shared<test::FakeClock>();
  ComponentContext context;
  std::shared_ptr<MemoryCache> first = std::make_shared<MemoryCache>();
  std::shared_ptr<MemoryCache> second = std::make_shared<MemoryCache>();
  std::shared_ptr<test::FaultyCache> faulty = std::make_shared<test::FaultyCache>(first);
  std::shared_ptr<FailoverCache> cache;
};

std::shared_ptr<TaggedCache> tagged_over(std::shared_ptr<ICache> below) {
  TaggedCacheOptions options;
  options.over = std::move(below);
  return std::make_shared<TaggedCache>(options);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(async_layers)

BOOST_AUTO_TEST_CASE(tags_are_written_and_evicted_by_asynchronous_calls) {
  for (const bool by_workers : {false, true}) {
    const auto memory = std::make_shared<MemoryCache>();
    const auto cache = tagged_over(
        by_workers ? std::shared_ptr<ICache>(std::make_shared<test::GatedCache>(memory)) : memory);
    BOOST_TEST(cache->async_write_tagged("product:7", "page", 1h, {"products", "shelf:3"}).wait().ok());
    BOOST_TEST(cache->async_get("product:7").wait().hit());
    BOOST_TEST(cache->async_evict_tags({"shelf:3"}).wait().value_or(0) == 1U);
    BOOST_TEST(cache->async_get("product:7").wait().miss());
    BOOST_TEST(cache->async_evict_tags({"shelf:3"}).wait().value_or(9) == 0U);
  }
}

BOOST_AUTO_TEST_CASE(a_layer_that_passes_tags_on_lives_until_its_calls_have_ended) {
  const auto gated = std::make_shared<test::GatedCache>();
  MetricsCacheOptions options;
  options.over = std::shared_ptr<ICache>(tagged_over(gated));
  auto metrics = std::make_shared<MetricsCache>(options);
  const std::weak_ptr<MetricsCache> watched = metrics;
  gated->close();
  std::stop_source stop;
  auto call = find_interface<ITaggedCache>(*metrics)
                  ->async_write_tagged("key", "value", 1h, {"tag"}, {.stop = stop.get_token()})
                  .future();
  BOOST_REQUIRE(test::wait_until([&] { return gated->waiting() == 1; }));
  stop.request_stop();
  BOOST_TEST((call.get().error().code() == ErrorCode::closed));
  metrics.reset();
  BOOST_TEST(!watched.expired());
  gated->open();
  BOOST_TEST(test::wait_until([&] { return watched.expired(); }));
}

BOOST_AUTO_TEST_CASE(entries_of_all_kinds_are_read_with_their_tags_without_a_thread_of_the_layer) {
  const auto gated = std::make_shared<test::GatedCache>();
  const auto cache = tagged_over(gated);
  const std::string odd("\xC1TG odd", 7);
  BOOST_TEST(cache->async_write_tagged("null", std::nullopt, 1h, {"a"}).wait().ok());
  BOOST_TEST(cache->async_write_tagged("value", "page", 1h, {"a", "b"}).wait().ok());
  BOOST_TEST(cache->async_set_value("odd", odd, 1h).wait());
  BOOST_TEST(gated->set_value("damaged", odd, 1h));
  BOOST_TEST(cache->async_get("null").wait().null());
  BOOST_TEST(cache->async_get("value").wait().value().text() == "page");
  BOOST_TEST(cache->async_get("odd").wait().value().text() == odd);
  const auto damaged = cache->async_get("damaged").wait();
  BOOST_TEST((damaged.failed() && damaged.error().code() == ErrorCode::corrupt));
  const auto reserved = cache->async_get("__tag_marker__:a").wait();
  BOOST_TEST((reserved.failed() && reserved.error().code() == ErrorCode::bad_argument));
  BOOST_TEST(cache->async_evict_tags({"b"}).wait().value_or(0) == 1U);
  BOOST_TEST(cache->async_get("value").wait().miss());
  BOOST_TEST(cache->async_get("null").wait().null());
  BOOST_TEST(cache->async_remove("odd").wait().value_or(false));
  const auto statistics = cache->statistics();
  BOOST_TEST((statistics.hits == 4U && statistics.misses == 1U && statistics.writes == 3U &&
              statistics.removals == 1U));
}

BOOST_AUTO_TEST_CASE(a_read_fails_when_the_markers_cannot_be_read) {
  const auto faulty = std::make_shared<test::FaultyCache>(std::make_shared<MemoryCache>());
  const auto cache = tagged_over(faulty);
  BOOST_TEST(cache->async_write_tagged("key", "value", 1h, {"tag"}).wait().ok());
  faulty->fail_for("__tag_marker__:tag", Error(ErrorCode::unreachable, "the server is away"));
  const auto failed = cache->async_get("key").wait();
  BOOST_TEST((failed.failed() && failed.error().code() == ErrorCode::unreachable));
  faulty->work();
  BOOST_TEST(cache->async_get("key").wait().hit());
}

BOOST_AUTO_TEST_CASE(arguments_of_a_write_with_tags_may_go_once_it_has_begun) {
  const auto gated = std::make_shared<test::GatedCache>();
  auto cache = tagged_over(gated);
  gated->close();
  std::future<Status> written;
  {
    const std::string key = "a key that is too long for any small string";
    const std::string value(100, 'v');
    const std::string tag = "a tag that is too long for any small string";
    written = cache->async_write_tagged(key, value, 1h, {tag}).future();
    cache.reset();
  }
  BOOST_TEST(test::wait_until([&] { return gated->waiting() == 1; }));
  gated->open();
  BOOST_TEST(written.get().ok());
  const auto again = tagged_over(gated);
  BOOST_TEST(again->get("a key that is too long for any small string").hit());
  BOOST_TEST(again->evict_tags({"a tag that is too long for any small string"}).value_or(0) == 1U);
}

BOOST_AUTO_TEST_CASE(wrong_tags_are_refused_and_a_stop_or_a_patience_ends_the_call) {
  const auto gated = std::make_shared<test::GatedCache>();
  const auto cache = tagged_over(gated);
  const auto refused = cache->async_write_tagged("key", "value", 1h, {""}).wait();
  BOOST_TEST((!refused.ok() && refused.error().code() == ErrorCode::bad_argument));
  gated->close();
  const auto late = cache->async_evict_tags({"tag"}, {.patience = 5ms}).wait();
  BOOST_TEST((!late.ok() && late.error().code() == ErrorCode::timeout));
  std::stop_source stop;
  auto stopped = cache->async_evict_tags({"tag"}, {.stop = stop.get_token()}).future();
  stop.request_stop();
  const auto ended = stopped.get();
  BOOST_TEST((!ended.ok() && ended.error().code() == ErrorCode::closed));
  gated->open();
}

BOOST_AUTO_TEST_CASE(a_layer_passes_asynchronous_calls_with_tags_on) {
  MetricsCacheOptions options;
  options.over = std::shared_ptr<ICache>(tagged_over(std::make_shared<MemoryCache>()));
  const auto cache = std::make_shared<MetricsCache>(options);
  const auto tagged = find_interface<ITaggedCache>(cache);
  BOOST_REQUIRE(tagged != nullptr);
  BOOST_TEST(tagged->async_write_tagged("key", "value", 1h, {"tag"}).wait().ok());
  BOOST_TEST(tagged->async_evict_tags({"tag"}).wait().value_or(0) == 1U);
  BOOST_TEST(cache->async_get("key").wait().miss());
  BOOST_TEST(cache->statistics().tag_evictions == 1U);
}

BOOST_AUTO_TEST_CASE(an_outage_during_a_hundred_calls_is_told_once_and_made_up_for) {
  FailoverWorld world;
  BOOST_REQUIRE(world.cache->set_value("gone", "old", 30min));
  world.faulty->fail(Error(ErrorCode::unreachable, "the server is away"));
  BOOST_TEST(world.store_hundred() == 100);
  BOOST_TEST(world.second->contains("key 99").value_or(false));
  BOOST_TEST(!world.first->contains("key 99").value_or(true));
  (void)world.cache->async_remove("gone").wait();
  BOOST_TEST(world.logger->count(LogLevel::warning) == 1U);

  world.faulty->work();
  world.clock->advance(1s);
  // What is removed since it is owed may be what another call has just stored.
  BOOST_TEST(test::wait_until([&] {
    return world.store_hundred() == 100 && world.cache->failover_statistics().keys_to_repair == 0;
  }));
  BOOST_TEST(world.store_hundred() == 100);
  BOOST_TEST(world.first->contains("key 99").value_or(false));
  BOOST_TEST(!world.first->contains("gone").value_or(true));
  BOOST_TEST(world.logger->count(LogLevel::info) == 2U);
}

BOOST_AUTO_TEST_SUITE_END()
