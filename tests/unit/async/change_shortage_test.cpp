// Calls of a RememberCache without memory, at every point.

#include "support/failing_allocations.hpp"
#include "support/wait_until.hpp"
#include "unit/layers/remember/gated_stores.hpp"

#include <cachesite/async_call.hpp>
#include <cachesite/remember_cache.hpp>

#include <array>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <new>
#include <optional>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;
using test::FailingAllocations;
using test::GatedStores;
using test::wait_until;

namespace {

struct World {
  explicit World(ValueForm form) {
    RememberCacheOptions options;
    options.over = Reference<ICache>(below);
    options.form = form;
    if (form == ValueForm::envelope) options.stale.keep = 1h;
    cache = std::make_shared<RememberCache>(options);
  }

  std::shared_ptr<GatedStores> below = std::make_shared<GatedStores>();
  std::shared_ptr<RememberCache> cache;
};

bool is_shortage(const Error& error) {
  return error.code() == ErrorCode::no_memory;
}
template <class R>
bool is_answer_or_shortage(const R& result) {
  return result.ok() || is_shortage(result.error());
}

using Call = std::function<bool(ICache&)>;

// Whether each way to make a call with one allocation failing has ended well.
bool without_each_allocation(World& world, const Call& call) {
  bool fine = true;
  for (long failing = 0;; ++failing) {
    (void)world.cache->write("k", "v", 1h);
    FailingAllocations failures(FailingAllocations::On::this_thread, failing);
    try {
      fine = call(*world.cache) && fine;
    } catch (const std::bad_alloc&) {  // of the call itself
    }
    failures.end();
    if (!failures.reached()) return fine && failing > 0;
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(change_shortage)

BOOST_AUTO_TEST_CASE(calls_about_envelopes_bear_that_any_allocation_fails) {
  World world(ValueForm::envelope);
  world.below->tells_lives = false;  // so that it takes several questions
  const std::array<std::string_view, 2> keys{"k", "a key that is longer than what a string has room for"};
  std::vector<Lookup> found(2);
  std::vector<Result<Remaining>> left(2, Result<Remaining>(Remaining()));
  std::vector<Status> stored(2, Status(Done{}));
  const std::array<CacheEntry, 2> entries{CacheEntry{keys[0], ByteView("v"), 1h},
                                          CacheEntry{keys[1], std::nullopt, 1h}};
  const std::vector<Call> calls{
      [](ICache& cache) {
        const auto got = cache.async_get("k").wait();
        return got.hit() || is_shortage(got.error());
      },
      [](ICache& cache) { return is_answer_or_shortage(cache.async_time_to_live("k").wait()); },
      [](ICache& cache) { return is_answer_or_shortage(cache.async_expire("k", 2h).wait()); },
      [](ICache& cache) { return is_answer_or_shortage(cache.async_write("k", "w", 1h).wait()); },
      [&](ICache& cache) {
        const auto read = cache.async_get_many(keys, found).wait();
        for (const auto& each : found)
          if (read.ok() && each.failed() && !is_shortage(each.error())) return false;
        return is_answer_or_shortage(read);
      },
      [&](ICache& cache) {
        const auto asked = cache.async_time_to_live_many(keys, left).wait();
        for (const auto& each : left)
          if (asked.ok() && !is_answer_or_shortage(each)) return false;
        return is_answer_or_shortage(asked);
      },
      [&](ICache& cache) {
        const auto written = cache.async_set_many(entries, stored).wait();
        for (const auto& each : stored)
          if (written.ok() && !is_answer_or_shortage(each)) return false;
        return is_answer_or_shortage(written);
      }};
  for (const auto& call : calls)
    BOOST_TEST(without_each_allocation(world, call));
  BOOST_TEST(world.cache->get("k").hit());
}

BOOST_AUTO_TEST_CASE(a_change_that_waits_for_a_store_bears_that_any_allocation_fails) {
  (void)EventLoop::shared();
  int made = 0;
  for (long failing = 0;; ++failing) {
    World world(ValueForm::plain);
    world.below->close();
    auto computed = std::async(std::launch::async,
                               [&] { return world.cache->remember("k", 1h, [] { return "c"; }).hit(); });
    BOOST_TEST(wait_until([&] { return world.below->at_gate() == 1; }));
    std::optional<std::future<Status>> change;
    FailingAllocations failures(FailingAllocations::On::this_thread, failing);
    try {
      change.emplace(world.cache->async_write("k", "new", 1h).future());
    } catch (const std::bad_alloc&) {
    }
    failures.end();
    world.below->open();
    BOOST_TEST(computed.get());
    const Status written = change ? change->get() : Status(Error(ErrorCode::no_memory));
    BOOST_TEST(is_answer_or_shortage(written));
    BOOST_TEST(world.cache->get("k").value().text() == (written.ok() ? "new" : "c"));
    made += written.ok() ? 1 : 0;
    if (!failures.reached()) break;
  }
  BOOST_TEST(made > 0);
}

BOOST_AUTO_TEST_SUITE_END()
