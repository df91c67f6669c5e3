// Calls and batches that are redirected, or that wait for a server, without memory.

#include "integration/async_batch_world.hpp"
#include "support/failing_allocations.hpp"
#include "support/support_thread.hpp"

#include <functional>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace cachesite::test::routed_call;

namespace {

constexpr long most_allocations = 500;

/// Makes a change again and again, with each of its allocations failing once. `prepare` is called before it is begun,
/// and `help` afterwards, with enough memory.
void expect_an_end_of_each(World& world, const std::function<void()>& prepare,
                           const std::function<void()>& help) {
  long failing = 0;
  for (bool reached = true; reached; ++failing) {
    BOOST_REQUIRE(failing < most_allocations);
    prepare();
    Asked change({"SET", "key", "value"});
    bool ended = false;
    {
      FailingAllocations failures(FailingAllocations::On::this_thread, failing);
      change.begin(world.topology);
      {
        const Spared spared;
        help();
      }
      ended = world.is_over(change);
      reached = failures.reached();
    }
    BOOST_REQUIRE(ended);
    if (change.has_failed()) BOOST_TEST((change.code() == ErrorCode::no_memory));
    BOOST_TEST((reached || !change.has_failed()));
    Asked later({"SET", "key", "later"});
    later.begin(world.topology);
    BOOST_REQUIRE(world.is_over(later));
    BOOST_TEST(!later.has_failed());
  }
  BOOST_TEST(failing > 1);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(redis_routed_shortage)

BOOST_FIXTURE_TEST_CASE(each_allocation_of_a_call_that_is_sent_elsewhere_may_fail, World) {
  greet(first);
  greet(second);
  topology.use(first);
  second.say("+done\r\n");
  for (const auto& redirection : {second.moved(), second.asks()}) {
    first.say(redirection);
    expect_an_end_of_each(
        *this, [] {}, [] {});
  }
}

BOOST_FIXTURE_TEST_CASE(each_allocation_of_a_call_that_waits_for_a_server_may_fail, World) {
  greet(first);
  expect_an_end_of_each(
      *this, [this] { topology.lose_view(); }, [this] { topology.use(first); });
}

BOOST_FIXTURE_TEST_CASE(each_allocation_of_a_batch_that_is_sent_elsewhere_may_fail, BatchWorld) {
  greet(first);
  greet(second);
  topology.use(first);
  second.say("+done\r\n");
  first.say(second.moved());
  for (const bool waits : {false, true}) {
    long failing = 0;
    for (bool reached = true; reached; ++failing) {
      BOOST_REQUIRE(failing < most_allocations);
      if (waits) topology.lose_view();
      Batch batch("SET", 3);
      bool ended = false;
      {
        FailingAllocations failures(FailingAllocations::On::this_thread, failing);
        batch.begin(topology);
        if (waits) {
          const Spared spared;
          topology.use(first);
        }
        ended = is_over(batch);
        reached = failures.reached();
      }
      BOOST_REQUIRE(ended);
      std::size_t done = 0;
      for (const auto& request : batch.requests)
        if (request.status.ok()) ++done;
      BOOST_TEST(done + batch.with(ErrorCode::no_memory) == 3U);
      BOOST_TEST((reached || done == 3));
      Batch later("GET", 3);
      later.begin(topology);
      BOOST_REQUIRE(is_over(later));
      BOOST_TEST((later.texts() == Texts(3, "done")));
    }
    BOOST_TEST(failing > 1);
  }
}

BOOST_AUTO_TEST_SUITE_END()
