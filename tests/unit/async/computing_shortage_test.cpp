// Computations without memory, at every point.

#include "support/failing_allocations.hpp"

#include <cachesite/async_remember.hpp>
#include <cachesite/memory_cache.hpp>
#include <cachesite/remember_cache.hpp>

#include <array>
#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;
using test::FailingAllocations;

namespace {

// One in which a computation that never ends is a failure of the next call; one that goes on for a moment is not.
std::shared_ptr<RememberCache> with_limit() {
  RememberCacheOptions options;
  options.over = Reference<ICache>(std::make_shared<MemoryCache>());
  options.on_lock_failure = OnLockFailure::error;
  options.wait = 10s;
  return std::make_shared<RememberCache>(options);
}

bool is_value_or_shortage(const Lookup& found) {
  return found.hit() || (found.failed() && (found.error().code() == ErrorCode::no_memory ||
                                            found.error().code() == ErrorCode::refused));
}

// Calls `ask` with the first, the second, ... allocation failing, until none does.
template <class Ask>
void without_each_allocation(RememberCache& cache, Ask ask) {
  for (long failing = 0;; ++failing) {
    (void)cache.clear();
    bool reached = false;
    {
      FailingAllocations failures(FailingAllocations::On::this_thread, failing);
      ask();
      failures.end();
      reached = failures.reached();
    }
    for (const auto* key : {"a", "b"})
      BOOST_TEST(cache.remember(key, 1min, [] { return "later"; }).hit());
    if (!reached) break;
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(computing_shortage)

BOOST_AUTO_TEST_CASE(a_batch_without_memory_leaves_no_computation_behind) {
  const auto cache = with_limit();
  const std::array<std::string_view, 3> keys{"a", "b", "a"};
  std::array<Lookup, 3> found;
  bool fine = true;
  without_each_allocation(*cache, [&] {
    cache->remember_many(
        keys, 1min,
        [](auto missing, auto made) {
          for (std::size_t item = 0; item < missing.size(); ++item)
            made[item] = Computed{"v"};
        },
        found);
    for (const auto& each : found)
      fine = fine && is_value_or_shortage(each);
  });
  BOOST_TEST(fine);
}

BOOST_AUTO_TEST_CASE(an_asynchronous_call_without_memory_leaves_no_computation_behind) {
  const auto cache = with_limit();
  bool fine = true;
  without_each_allocation(*cache, [&] {
    fine = is_value_or_shortage(cache->async_remember("a", 1min, [] { return "v"; }).wait()) && fine;
  });
  BOOST_TEST(fine);
}

BOOST_AUTO_TEST_SUITE_END()
