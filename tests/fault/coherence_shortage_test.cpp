// Copies in memory without memory: no wrong value, whatever allocation of a fill, or of the threads that hear the news,
// fails.

#include "integration/coherent_tiers_fixture.hpp"
#include "support/failing_allocations.hpp"
#include "support/redis_server.hpp"
#include "support/sanitized.hpp"
#include "support/wait_until.hpp"

#include <chrono>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

constexpr long most_allocations = 500;
// Of the allocations of the threads that hear of a change a sanitizer sees one in so many fail.
constexpr long step = sanitized ? 7 : 1;

}  // namespace

BOOST_AUTO_TEST_SUITE(coherence_shortage)

BOOST_AUTO_TEST_CASE(each_allocation_of_a_fill_may_fail) {
  RedisServer server;
  CoherentTiers tiers(server);
  long failing = 0;
  for (bool reached = true; reached; ++failing) {
    BOOST_REQUIRE(failing < most_allocations);
    const auto value = std::to_string(failing);
    tiers.probe.set("shop:key", value);
    BOOST_REQUIRE(tiers.coherent());
    BOOST_REQUIRE(tiers.cache->fence(10s).ok());
    {
      FailingAllocations failures(FailingAllocations::On::this_thread, failing);
      const auto found = tiers.cache->get("key");
      failures.end();
      reached = failures.reached();
      BOOST_TEST((found.failed() || (found.hit() && found.value().text() == value)));
    }
    BOOST_TEST(tiers.text("key") == value);
  }
  BOOST_TEST(failing > 1);
  BOOST_TEST_MESSAGE("F32: a fill has " << failing - 1 << " allocations, required: no wrong value");
}

// Of many keys at once, so that what holds the news has to grow.
BOOST_AUTO_TEST_CASE(each_allocation_of_the_threads_that_hear_of_a_change_may_fail) {
  RedisServer server;
  std::vector<std::string> change{"MSET"};
  for (int key = 0; key < 500; ++key)
    change.insert(change.end(), {"shop:another key " + std::to_string(key), "1"});
  change.insert(change.end(), {"shop:key", "new"});
  long failing = 0;
  for (bool reached = true; reached; failing += step) {
    BOOST_REQUIRE(failing < most_allocations);
    CoherentTiers tiers(server);
    tiers.probe.set("shop:key", "old");
    BOOST_REQUIRE(tiers.copied("key"));
    FailingAllocations failures(FailingAllocations::On::other_threads, failing);
    tiers.probe.checked(change);
    if (tiers.cache->fence(10s).ok()) {
      const auto found = tiers.cache->get("key");
      BOOST_TEST((found.failed() || (found.hit() && found.value().text() == "new")));
    }
    BOOST_TEST(wait_until([&] { return tiers.text("key") == "new"; }));
    failures.end();
    reached = failures.reached();
    BOOST_TEST(tiers.coherent());
  }
  BOOST_TEST(failing > 1);
  BOOST_TEST_MESSAGE("F32: a change has " << failing - step
                                          << " allocations of other threads, required: no wrong value");
}

BOOST_AUTO_TEST_SUITE_END()
