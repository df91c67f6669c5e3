// Threads and memory run out at each place where a mutex needs them.

#include "engine_world.hpp"
#include "support/failing_allocations.hpp"
#include "support/failing_threads.hpp"
#include "support/wait_until.hpp"

#include <cachesite/async_call.hpp>

#include <functional>

using namespace cachesite;
using namespace std::chrono_literals;
using test::EngineWorld;
using test::FailingAllocations;
using test::FailingThreads;
using test::must_take;

namespace {

// Whatever was half done is undone: nobody renews the mutex, and it can be had again at once, here and
// elsewhere.
void expect_no_orphan(EngineWorld& world, const std::string& name) {
  world.advance(51ms);   // gives back what may have been taken
  world.advance(201ms);  // once more, when that failed too
  BOOST_TEST(world.backend->is_free(name));
  const auto renewals = world.backend->count(world.backend->renewals, name);
  for (int turn = 0; turn < 5; ++turn)
    world.advance(10s);
  BOOST_TEST(world.backend->count(world.backend->renewals, name) == renewals);
  const auto begin = std::chrono::steady_clock::now();
  const auto lease = must_take(*world.mutex(name), EngineWorld::within(30s));
  BOOST_TEST((std::chrono::steady_clock::now() - begin < 20s));
  world.advance(11s);
  BOOST_TEST(lease->held());
  BOOST_TEST(lease->release().value_or(false));
}

// Runs `act` once for each allocation that it makes, which fails.
void at_each_allocation(FailingAllocations::On threads, const std::function<void(EngineWorld&)>& prepare,
                        const std::function<void(EngineWorld&)>& act,
                        const std::function<void(EngineWorld&)>& check) {
  long failing = 0;
  for (bool reached = true; reached; ++failing) {
    BOOST_REQUIRE(failing < 200);
    BOOST_TEST_CONTEXT("allocation " << failing) {
      EngineWorld world;
      prepare(world);
      {
        const FailingAllocations failures(threads, failing);
        act(world);
        reached = failures.reached();
      }
      check(world);
    }
  }
  BOOST_TEST(failing > 1);
  BOOST_TEST_MESSAGE(failing << " allocations");
}

constexpr auto here = FailingAllocations::On::this_thread;

}  // namespace

BOOST_AUTO_TEST_SUITE(mutex_shortage)

BOOST_AUTO_TEST_CASE(a_mutex_is_not_taken_while_no_thread_can_renew_it_and_is_free_afterwards) {
  EngineWorld world;
  const auto mutex = world.mutex("a");
  {
    const FailingThreads no_threads(0, 1);
    const auto refused = mutex->take();
    BOOST_REQUIRE(!refused.ok());
    BOOST_TEST(to_string(refused.error().code()) == "no_memory");
    BOOST_TEST(refused.error().message().find("the mutexes") == 0U);
    BOOST_TEST(no_threads.failed() == 1);
  }
  BOOST_TEST(world.backend->count(world.backend->attempts, "a") == 0);
  const auto other = must_take(*world.mutex("b"));
  world.advance(11s);
  BOOST_TEST(world.backend->count(world.backend->renewals, "a") == 0);
  BOOST_TEST(world.backend->count(world.backend->renewals, "b") > 0);
  expect_no_orphan(world, "a");
}

BOOST_AUTO_TEST_CASE(every_way_to_take_a_mutex_bears_that_no_thread_can_be_had) {
  EngineWorld world;
  const auto mutex = world.mutex("a");
  const auto reentrant = world.mutex("a", true);
  MutexRequest unrenewed;
  unrenewed.renew = false;
  MutexRequest shared;
  shared.mode = MutexMode::shared;
  {
    const FailingThreads no_threads;
    for (const auto& request : {MutexRequest(), unrenewed, shared, EngineWorld::within(0ms)}) {
      BOOST_TEST(!mutex->take(request).ok());
      BOOST_TEST(!reentrant->take(request).ok());
    }
    BOOST_CHECK_THROW(mutex->lock(), MutexError);
    BOOST_CHECK_THROW(mutex->lock_shared(), MutexError);
    BOOST_CHECK_THROW((void)mutex->try_lock_for(1ms), MutexError);
    BOOST_TEST(!mutex->acquire(1s));
    BOOST_TEST(!mutex->release());
  }
  expect_no_orphan(world, "a");
}

BOOST_AUTO_TEST_CASE(an_allocation_that_fails_while_a_mutex_is_taken_leaves_no_orphan) {
  for (const bool reentrant : {false, true}) {
    at_each_allocation(
        here,
        [](EngineWorld& world) {
          (void)must_take(*world.mutex("warm up"));
          world.backend->on_wait = [&world] { world.advance(100ms); };
        },
        [&](EngineWorld& world) {
          std::shared_ptr<IMutex> mutex;
          try {
            mutex = world.mutex("a", reentrant);
          } catch (const std::bad_alloc&) {
            return;
          }
          if (!mutex->take(EngineWorld::within(0ms)).ok()) return;  // given back by and by
          if (mutex->acquire(1s)) (void)mutex->release();
        },
        [](EngineWorld& world) { expect_no_orphan(world, "a"); });
  }
}

BOOST_AUTO_TEST_CASE(an_allocation_that_fails_while_a_mutex_is_taken_without_a_thread_leaves_no_orphan) {
  at_each_allocation(
      here,
      [](EngineWorld& world) {
        (void)must_take(*world.mutex("warm up"));
        (void)world.mutex("warm up")->async_take().wait();
      },
      [](EngineWorld& world) {
        std::shared_ptr<IMutex> mutex;
        try {
          mutex = world.mutex("a");
        } catch (const std::bad_alloc&) {
          return;
        }
        const auto taken = mutex->async_take(EngineWorld::within(0ms)).wait();
        if (taken.ok() && taken.value()) (void)taken.value()->async_release().wait();
      },
      [](EngineWorld& world) { expect_no_orphan(world, "a"); });
}

BOOST_AUTO_TEST_CASE(an_allocation_that_fails_while_a_mutex_is_taken_twice_counts_it_once) {
  std::shared_ptr<IMutexLease> first;
  at_each_allocation(
      here, [&](EngineWorld& world) { first = must_take(*world.mutex("a", true)); },
      [](EngineWorld& world) {
        try {
          (void)world.mutex("a", true)->take();
        } catch (const std::bad_alloc&) {
        }
      },
      [&](EngineWorld& world) {
        BOOST_TEST(first->held());
        BOOST_TEST(!world.backend->is_free("a"));
        BOOST_TEST(first->release().ok());
        expect_no_orphan(world, "a");
      });
}

BOOST_AUTO_TEST_CASE(an_allocation_that_fails_while_others_have_the_mutex_leaves_nothing_at_the_backend) {
  at_each_allocation(
      here,
      [](EngineWorld& world) {
        world.backend->owners.emplace("a", "somebody else");
        world.backend->on_wait = [clock = world.clock] { clock->advance(300ms); };
      },
      [](EngineWorld& world) {
        try {
          (void)world.mutex("a")->take(EngineWorld::within(1s));
        } catch (const std::bad_alloc&) {
        }
      },
      [](EngineWorld& world) {
        world.backend->on_wait = nullptr;
        world.backend->owners.clear();
        expect_no_orphan(world, "a");
      });
}

BOOST_AUTO_TEST_CASE(an_allocation_that_fails_while_a_mutex_is_given_back_leaves_no_orphan) {
  std::shared_ptr<IMutexLease> lease;
  at_each_allocation(
      here, [&](EngineWorld& world) { lease = must_take(*world.mutex("a")); },
      [&](EngineWorld&) { lease.reset(); }, [](EngineWorld& world) { expect_no_orphan(world, "a"); });
}

BOOST_AUTO_TEST_CASE(an_allocation_that_fails_at_a_renewal_loses_no_mutex) {
  std::shared_ptr<IMutexLease> one;
  std::shared_ptr<IMutexLease> two;
  at_each_allocation(
      here,
      [&](EngineWorld& world) {
        one = must_take(*world.mutex("a"));
        two = must_take(*world.mutex("b"));
      },
      [](EngineWorld& world) { world.advance(11s); },
      [&](EngineWorld& world) {
        world.advance(2s);
        for (int turn = 0; turn < 10; ++turn)
          world.advance(11s);
        BOOST_TEST(one->held());
        BOOST_TEST(two->held());
        BOOST_TEST(one->release().value_or(false));
        BOOST_TEST(two->release().value_or(false));
        expect_no_orphan(world, "a");
      });
}

BOOST_AUTO_TEST_CASE(an_allocation_that_fails_when_a_mutex_is_lost_still_tells_its_holder) {
  std::shared_ptr<IMutexLease> lease;
  at_each_allocation(
      here,
      [&](EngineWorld& world) {
        lease = must_take(*world.mutex("a"));
        world.backend->fail_renewal = [](const auto&) { return Error(ErrorCode::unreachable); };
      },
      [](EngineWorld& world) { world.advance(31s); },
      [&](EngineWorld& world) {
        BOOST_TEST(lease->lost().stop_requested());
        BOOST_TEST(!lease->release().value_or(true));
        world.backend->owners.clear();
        world.backend->fail_renewal = nullptr;
        expect_no_orphan(world, "a");
      });
}

BOOST_AUTO_TEST_CASE(without_any_memory_on_its_thread_the_keeper_goes_on_as_soon_as_there_is_some) {
  const EngineWorld world(std::make_shared<SteadyClock>());
  MutexRequest request;
  request.expire = 2s;
  const auto lease = must_take(*world.mutex("a"), request);
  {
    const FailingAllocations no_memory(FailingAllocations::On::other_threads, 0, FailingAllocations::all);
    BOOST_TEST(test::wait_until([&] { return no_memory.reached(); }));
  }
  BOOST_TEST(test::wait_until([&] { return world.backend->count(world.backend->renewals, "a") > 1; }));
  BOOST_TEST(lease->held());
}

BOOST_AUTO_TEST_SUITE_END()
