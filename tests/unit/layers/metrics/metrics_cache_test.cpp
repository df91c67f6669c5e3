#include "support/fake_clock.hpp"
#include "unit/layers/map_cache.hpp"

#include <cachesite/memory_cache.hpp>
#include <cachesite/metrics_cache.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;
using test::MapCache;

namespace {

std::shared_ptr<MetricsCache> counted(const std::shared_ptr<ICache>& below, std::uint32_t sample_every = 1,
                                      std::shared_ptr<const IClock> clock = std::make_shared<SteadyClock>()) {
  MetricsCacheOptions options;
  options.over = Reference<ICache>(below);
  options.sample_every = sample_every;
  ComponentContext context;
  context.clock = std::move(clock);
  return std::make_shared<MetricsCache>(options, context);
}

struct MetricsFixture {
  std::shared_ptr<MapCache> below = std::make_shared<MapCache>();
  std::shared_ptr<MetricsCache> cache = counted(below);
};

// Reads that take a known time.
class SlowCache final : public CacheLayer {
 public:
  SlowCache(std::shared_ptr<ICache> below, std::shared_ptr<test::FakeClock> clock)
      : CacheLayer(std::move(below)), clock_(std::move(clock)) {}
  std::chrono::nanoseconds takes{0};

 protected:
  Result<Found> do_read(std::string_view key, Value& destination) override {
    clock_->advance(takes);
    return forward_read(key, destination);
  }

 private:
  std::shared_ptr<test::FakeClock> clock_;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(metrics_cache, MetricsFixture)

const auto forever = TimeToLive::never_expires();

BOOST_AUTO_TEST_CASE(reads_count_as_hits_and_misses_and_nulls_as_hits) {
  below->entries = {{"a", "1"}, {"null", std::nullopt}};
  (void)cache->get("a");
  (void)cache->get_value("a");
  (void)cache->get("null");
  (void)cache->get("nobody");
  const auto statistics = cache->statistics();
  BOOST_TEST(statistics.hits == 3u);
  BOOST_TEST(statistics.misses == 1u);
  BOOST_TEST(statistics.hit_ratio() == 0.75);
}

// rick: only get() counts.
BOOST_AUTO_TEST_CASE(looking_at_an_entry_is_no_read) {
  below->entries = {{"a", "1"}};
  (void)cache->contains("a");
  (void)cache->time_to_live("nobody");
  BOOST_TEST(cache->statistics().hits + cache->statistics().misses == 0u);
  BOOST_TEST(cache->statistics().hit_ratio() == 0.0);
}

BOOST_AUTO_TEST_CASE(what_is_stored_counts_as_a_write_and_what_is_not_does_not) {
  (void)cache->write("a", ByteView("1"), forever);
  (void)cache->add("a", ByteView("1"), forever);
  (void)cache->add("b", ByteView("1"), forever);
  (void)cache->replace("b", ByteView("1"), forever);
  (void)cache->replace("nobody", ByteView("1"), forever);
  (void)cache->increment("a", 1, forever);
  BOOST_TEST(cache->statistics().writes == 4u);
}

BOOST_AUTO_TEST_CASE(entries_that_were_there_count_as_removals) {
  below->entries = {{"a", "1"}, {"b", "1"}, {"c1", "1"}, {"c2", "1"}};
  (void)cache->remove("a");
  (void)cache->remove("a");
  (void)cache->remove_many({"b", "nobody"});
  (void)cache->remove_matching("c*");
  BOOST_TEST(cache->statistics().removals == 4u);
  (void)cache->clear();
  (void)cache->clear();
  BOOST_TEST(cache->statistics().clears == 2u);
}

BOOST_AUTO_TEST_CASE(each_key_of_a_batch_counts) {
  (void)cache->set_many({{"a", ByteView("1"), forever}, {"b", ByteView("2"), forever}});
  (void)cache->get_many({"a", "nobody", "b"});
  const auto statistics = cache->statistics();
  BOOST_TEST(statistics.writes == 2u);
  BOOST_TEST(statistics.hits == 2u);
  BOOST_TEST(statistics.misses == 1u);
  BOOST_TEST(cache->metrics().of(CacheOperation::get_many).calls == 1u);
  BOOST_TEST(cache->metrics().of(CacheOperation::read).calls == 0u);
  BOOST_TEST(below->batches == 2u);
}

BOOST_AUTO_TEST_CASE(every_operation_is_counted_and_timed_once) {
  const auto names = test::call_everything(*cache);
  BOOST_TEST(names.size() == cache_operations);
  const auto metrics = cache->metrics();
  for (std::size_t index = 0; index < cache_operations; ++index) {
    BOOST_TEST_CONTEXT(to_string(static_cast<CacheOperation>(index))) {
      BOOST_TEST(metrics.operations[index].calls == 1u);
      BOOST_TEST(metrics.operations[index].failures == 0u);
      BOOST_TEST(metrics.operations[index].latency.count() == 1u);
    }
  }
}

BOOST_AUTO_TEST_CASE(the_number_of_hits_never_falls_when_a_read_under_way_turns_out_to_be_none) {
  struct Observed final : CacheLayer {
    explicit Observed(std::shared_ptr<ICache> under) : CacheLayer(std::move(under)) {}
    Result<Found> do_read(std::string_view key, Value& destination) override {
      if (meanwhile) meanwhile();
      return forward_read(key, destination);
    }
    std::function<void()> meanwhile;
  };
  const auto observed = std::make_shared<Observed>(below);
  MetricsCacheOptions options;
  options.over = Reference<ICache>(observed);
  MetricsCache counting(options);
  std::uint64_t last = 0;
  const auto look = [&] {
    const auto statistics = counting.statistics();
    BOOST_TEST(statistics.hits >= last);
    BOOST_TEST(counting.metrics().statistics.hits == statistics.hits);
    last = statistics.hits;
  };
  observed->meanwhile = look;
  for (int round = 0; round < 3; ++round) {
    (void)counting.get("nobody");
    look();
  }
  below->failure = Error(ErrorCode::unreachable, "gone");
  (void)counting.get("k");
  look();
  below->failure.reset();
  (void)counting.write("k", ByteView("1"), forever);
  for (int round = 0; round < 10; ++round)
    (void)counting.get("k");
  look();
  BOOST_TEST(last == 10U);
  BOOST_TEST(counting.statistics().misses == 3U);
}

BOOST_AUTO_TEST_CASE(failures_count_and_add_no_latency) {
  below->failure = Error(ErrorCode::unreachable, "gone");
  const auto names = test::call_everything(*cache);
  const auto metrics = cache->metrics();
  for (std::size_t index = 0; index < cache_operations; ++index) {
    BOOST_TEST_CONTEXT(to_string(static_cast<CacheOperation>(index))) {
      BOOST_TEST(metrics.operations[index].calls == 1u);
      BOOST_TEST(metrics.operations[index].failures == 1u);
      BOOST_TEST(metrics.operations[index].latency.count() == 0u);
    }
  }
  // Four batches of two keys, and 14 other calls.
  BOOST_TEST(metrics.statistics.failures == 22u);
  BOOST_TEST(metrics.statistics.hits + metrics.statistics.misses + metrics.statistics.writes == 0u);
}

BOOST_AUTO_TEST_CASE(an_exception_below_is_a_failure) {
  below->throws = true;
  (void)test::call_everything(*cache);
  const auto metrics = cache->metrics();
  for (std::size_t index = 0; index < cache_operations; ++index)
    BOOST_TEST(metrics.operations[index].failures == 1u);
  BOOST_TEST(metrics.statistics.hits == 0u);
}

BOOST_AUTO_TEST_CASE(refused_arguments_are_refusals_and_no_calls) {
  Value value;
  (void)cache->read("", value);
  (void)cache->write("k", ByteView("1"), -1s);
  BOOST_TEST(cache->statistics().refusals == 2u);
  BOOST_TEST(cache->statistics().failures == 0u);
  BOOST_TEST(cache->metrics().of(CacheOperation::read).calls == 0u);
}

BOOST_AUTO_TEST_CASE(what_the_layer_cannot_know_comes_from_the_cache_below) {
  below->own_statistics.hits = 1000;
  below->own_statistics.entries = 7;
  below->own_statistics.bytes = 70;
  below->own_statistics.evictions = 3;
  below->own_statistics.tag_evictions = 4;
  below->own_statistics.stampede_waits = 5;
  const auto statistics = cache->statistics();
  BOOST_TEST(statistics.hits == 0u);
  BOOST_TEST(statistics.entries == 7u);
  BOOST_TEST(statistics.bytes == 70u);
  BOOST_TEST(statistics.evictions == 3u);
  BOOST_TEST(statistics.tag_evictions == 4u);
  BOOST_TEST(statistics.stampede_waits == 5u);
}

BOOST_AUTO_TEST_CASE(one_of_so_many_calls_is_timed) {
  for (const auto& [asked, rounded] : {std::pair{64u, 64u}, std::pair{5u, 8u}, std::pair{1u, 1u}}) {
    const auto sampled = counted(below, asked);
    for (unsigned call = 0; call < 128; ++call)
      (void)sampled->get("nobody");
    for (unsigned call = 0; call < 128; ++call)
      (void)sampled->contains("nobody");
    const auto metrics = sampled->metrics();
    BOOST_TEST(metrics.sample_every == rounded);
    BOOST_TEST(metrics.of(CacheOperation::read).calls == 128u);
    BOOST_TEST(metrics.of(CacheOperation::read).latency.count() == 128 / rounded);
    BOOST_TEST(metrics.of(CacheOperation::contains).latency.count() == 128 / rounded);
    BOOST_TEST(metrics.statistics.misses == 128u);
  }
}

BOOST_AUTO_TEST_CASE(percentiles_are_those_of_the_calls) {
  const auto clock = std::make_shared<test::FakeClock>();
  const auto slow = std::make_shared<SlowCache>(below, clock);
  const auto timed = counted(slow, 1, clock);
  for (int call = 0; call < 100; ++call) {
    slow->takes = call < 90 ? 1us : 1ms;
    (void)timed->get("nobody");
  }
  const auto reads = timed->metrics().of(CacheOperation::read);
  BOOST_TEST(reads.latency.count() == 100u);
  BOOST_TEST((reads.latency.quantile(0.5) >= 1us && reads.latency.quantile(0.5) < 1200ns));
  BOOST_TEST((reads.latency.quantile(0.99) >= 1ms && reads.latency.quantile(0.99) < 1200us));
  BOOST_TEST((reads.timed == 90 * 1us + 10 * 1ms));
  BOOST_TEST((reads.mean() == (90 * 1000ns + 10 * 1'000'000ns) / 100));
}

// rick's and spakky's counters lose increments between threads.
BOOST_AUTO_TEST_CASE(no_call_of_any_thread_is_lost) {
  const auto shared = counted(std::make_shared<MemoryCache>(MemoryCacheOptions{}), 4);
  BOOST_TEST(shared->set_value("there", "1", 1h));
  constexpr unsigned threads = 8, calls = 2000;
  std::vector<std::thread> workers;
  for (unsigned index = 0; index < threads; ++index)
    workers.emplace_back([&] {
      for (unsigned call = 0; call < calls; ++call) {
        (void)shared->get_value("there");
        (void)shared->get_value("nobody");
        (void)shared->contains("there");
      }
    });
  for (auto& worker : workers)
    worker.join();
  const auto metrics = shared->metrics();
  BOOST_TEST(metrics.statistics.hits == threads * calls);
  BOOST_TEST(metrics.statistics.misses == threads * calls);
  BOOST_TEST(metrics.of(CacheOperation::read).calls == 2 * threads * calls);
  BOOST_TEST(metrics.of(CacheOperation::contains).calls == threads * calls);
}

BOOST_AUTO_TEST_CASE(after_stop_every_call_fails_with_closed) {
  const auto sampled = counted(below, 1024);
  (void)sampled->get("nobody");
  sampled->stop();
  Value value;
  BOOST_TEST((sampled->read("k", value).error().code() == ErrorCode::closed));
  BOOST_TEST((sampled->contains("k").error().code() == ErrorCode::closed));
  BOOST_TEST((sampled->get_many({"k"})[0].error().code() == ErrorCode::closed));
  BOOST_TEST(below->asked == 1u);
  BOOST_TEST(sampled->statistics().failures == 3u);
  BOOST_TEST(sampled->statistics().hits == 0u);
  BOOST_TEST((sampled->health().state == HealthState::down));
}

BOOST_AUTO_TEST_SUITE_END()
