// Threads and asynchronous calls that make room in place of evicted entries: one at a time, and no loop waits for a turn.

#include "parts.hpp"
#include "support/sanitized.hpp"
#include "support/wait_until.hpp"

#include <cachesite/async_call.hpp>
#include <cachesite/memory_cache.hpp>
#include <cachesite/tagged_cache.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

constexpr int threads_at_once = 4;
constexpr int calls_at_once = 12;
constexpr int rounds = sanitized ? 5 : 30;

/// A cache with tags over one that is called on workers, or over memory alone.
struct TagWorld {
  explicit TagWorld(bool by_workers) {
    TaggedCacheOptions options;
    options.over = by_workers ? Reference<ICache>(gated) : Reference<ICache>(memory);
    cache = std::make_shared<TaggedCache>(options);
  }
  void evict_entry() {
    BOOST_REQUIRE(cache->write_tagged("key", "page", 1h, {"tag"}).ok());
    BOOST_REQUIRE(cache->evict_tags({"tag"}).value_or(0) == 1U);
  }

  std::shared_ptr<MemoryCache> memory = std::make_shared<MemoryCache>();
  std::shared_ptr<GatedCache> gated = std::make_shared<GatedCache>(memory);
  std::shared_ptr<TaggedCache> cache;
};

/// The results of what threads and asynchronous calls do at once.
template <class R>
std::vector<R> of_both_forms(const std::function<R()>& blocking, const std::function<AsyncCall<R>()>& call) {
  std::vector<std::future<R>> all;
  for (int thread = 0; thread < threads_at_once; ++thread)
    all.push_back(std::async(std::launch::async, blocking));
  for (int each = 0; each < calls_at_once; ++each)
    all.push_back(call().future());
  std::vector<R> results;
  for (auto& each : all)
    results.push_back(each.get());
  return results;
}

using Added = Result<bool>;
using Sum = Result<std::int64_t>;

std::vector<Added> add_in_both_forms(TaggedCache& cache) {
  return of_both_forms<Added>([&] { return cache.add("key", "of a thread", 1h); },
                              [&] { return cache.async_add("key", "of a call", 1h); });
}

int count_added(const std::vector<Added>& results) {
  return static_cast<int>(std::count_if(results.begin(), results.end(),
                                        [](const Added& added) { return added.value_or(false); }));
}

bool all_ok(const std::vector<Added>& results) {
  return std::all_of(results.begin(), results.end(), [](const Added& added) { return added.ok(); });
}

/// Holds those who remove an entry from the cache below until it is opened, and counts. Who is held may outlive the test.
class RemovalGate {
 public:
  explicit RemovalGate(GatedCache& gated) {
    gated.before_call = [state = state_, opened = open_.get_future().share()](const CacheRequest& request) {
      if (request.key != "key") return;
      if (request.operation == CacheOperation::add) ++state->adds;
      if (request.operation != CacheOperation::remove) return;
      ++state->removals;
      opened.wait();
    };
  }
  void open() { open_.set_value(); }
  [[nodiscard]] int adds() const { return state_->adds; }
  [[nodiscard]] int removals() const { return state_->removals; }

 private:
  struct State {
    std::atomic<int> adds{0};
    std::atomic<int> removals{0};
  };
  const std::shared_ptr<State> state_ = std::make_shared<State>();
  std::promise<void> open_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(async_turns)

BOOST_AUTO_TEST_CASE(of_threads_and_calls_that_add_in_place_of_an_evicted_entry_one_succeeds) {
  for (const bool by_workers : {false, true}) {
    TagWorld world(by_workers);
    for (int round = 0; round < rounds; ++round) {
      world.evict_entry();
      const auto results = add_in_both_forms(*world.cache);
      BOOST_REQUIRE(all_ok(results));
      BOOST_REQUIRE(count_added(results) == 1);
      BOOST_REQUIRE(world.cache->get("key").hit());
      BOOST_REQUIRE(world.cache->remove("key").value_or(false));
    }
  }
}

BOOST_AUTO_TEST_CASE(an_eviction_during_adds_leaves_what_was_added_after_it_or_nothing) {
  for (const bool by_workers : {false, true}) {
    TagWorld world(by_workers);
    for (int round = 0; round < rounds; ++round) {
      BOOST_REQUIRE(world.cache->write_tagged("key", "page", 1h, {"tag"}).ok());
      std::future<Result<std::uint64_t>> evicted;
      std::atomic<int> begun{0};
      const auto results = of_both_forms<Added>([&] { return world.cache->add("key", "of a thread", 1h); },
                                                [&] {
                                                  if (++begun == 1 + round % calls_at_once)
                                                    evicted = world.cache->async_evict_tags({"tag"}).future();
                                                  return world.cache->async_add("key", "of a call", 1h);
                                                });
      BOOST_REQUIRE(evicted.get().value_or(0) == 1U);
      BOOST_REQUIRE(all_ok(results));
      const int added = count_added(results);
      BOOST_REQUIRE(added <= 1);
      const auto found = world.cache->async_get("key").wait();
      BOOST_REQUIRE(found.hit() == (added == 1));
      BOOST_REQUIRE((added == 0 || found.value().text().starts_with("of a ")));
      (void)world.cache->remove("key");
    }
  }
}

BOOST_AUTO_TEST_CASE(threads_and_calls_that_count_in_place_of_an_evicted_entry_lose_no_step) {
  for (const bool by_workers : {false, true}) {
    TagWorld world(by_workers);
    for (int round = 0; round < rounds; ++round) {
      world.evict_entry();
      const auto results = of_both_forms<Sum>([&] { return world.cache->increment("key", 1, 1h); },
                                              [&] { return world.cache->async_increment("key", 1, 1h); });
      std::vector<std::int64_t> sums;
      for (const auto& sum : results) {
        BOOST_REQUIRE(sum.ok());
        sums.push_back(sum.value());
      }
      std::sort(sums.begin(), sums.end());
      for (std::size_t place = 0; place < sums.size(); ++place)
        BOOST_REQUIRE(sums[place] == static_cast<std::int64_t>(place + 1));
      BOOST_REQUIRE(world.cache->remove("key").value_or(false));
    }
  }
}

BOOST_AUTO_TEST_CASE(who_waits_for_a_turn_holds_up_neither_the_loop_nor_other_calls) {
  TagWorld world(true);
  BOOST_REQUIRE(world.cache->set_value("other", "value", 1h));
  world.evict_entry();
  RemovalGate gate(*world.gated);
  std::vector<Added> results;
  std::thread adding([&] { results = add_in_both_forms(*world.cache); });
  // All of them have seen that the entry is there, calls once more by the workers that make room; one has its turn.
  constexpr int all = threads_at_once + 2 * calls_at_once;
  BOOST_TEST(wait_until([&] { return gate.adds() == all && gate.removals() == 1; }));
  std::atomic<bool> runs{false};
  WorkOf work([&] { runs = true; });
  EventLoop::shared()->execute(work);
  BOOST_TEST(wait_until([&] { return runs.load(); }));
  BOOST_TEST(world.cache->async_get("other").wait().hit());
  BOOST_TEST(world.cache->async_get("key").wait().miss());
  BOOST_TEST(world.cache->async_write_tagged("third", "page", 1h, {"tag"}).wait().ok());
  BOOST_TEST(world.cache->async_evict_tags({"tag"}).wait().value_or(0) == 1U);
  gate.open();
  adding.join();
  BOOST_TEST(all_ok(results));
  BOOST_TEST(count_added(results) == 1);
  // The others found in their turns that there was nothing left to do.
  BOOST_TEST(gate.removals() == 1);
  BOOST_TEST(gate.adds() == all + 1);
  BOOST_TEST(world.cache->get("key").hit());
}

BOOST_AUTO_TEST_CASE(who_waits_for_a_turn_leaves_at_the_end_of_its_patience) {
  TagWorld world(true);
  world.evict_entry();
  RemovalGate gate(*world.gated);
  auto first = world.cache->async_add("key", "first", 1h).future();
  BOOST_REQUIRE(wait_until([&] { return gate.removals() == 1; }));
  const auto late = world.cache->async_add("key", "late", 1h, {.patience = 5ms}).wait();
  gate.open();
  BOOST_REQUIRE(!late.ok());
  BOOST_TEST((late.error().code() == ErrorCode::timeout));
  BOOST_TEST(first.get().value_or(false));
  BOOST_TEST(world.cache->get("key").value().text() == "first");
}

BOOST_AUTO_TEST_SUITE_END()
