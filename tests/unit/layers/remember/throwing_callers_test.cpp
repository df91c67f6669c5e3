// What callers give a computation beside the factory, and what comes of it when that throws.

#include "support/wait_until.hpp"
#include "unit/layers/remember/computing_world.hpp"

#include <cachesite/memory_mutex_site.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;
using test::ComputingWorld;
using test::wait_until;

namespace {

bool somebody_waits(const ComputingWorld& world) {
  return wait_until([&] { return world.cache->statistics().stampede_waits == 1U; });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(throwing_callers)

BOOST_AUTO_TEST_CASE(a_report_that_throws_costs_nobody_the_value) {
  ComputingWorld world([](auto&) {});
  std::atomic<bool> begun{false};
  Lookup waited;
  std::thread waits([&] {
    if (wait_until([&] { return begun.load(); })) waited = world.give("its own");
  });
  Computation computation;
  computation.factory = [&]() -> Result<Computed> {
    begun = true;
    (void)somebody_waits(world);
    return Computed{"made", TimeToLive(0ms)};  // which cannot be stored
  };
  int told = 0;
  computation.report = [&](const Error&) {
    ++told;
    throw std::runtime_error("a report failed");
  };
  const auto led = world.cache->remember("k", 1min, computation);
  waits.join();
  BOOST_TEST(told == 1);
  BOOST_REQUIRE(led.hit());
  BOOST_TEST(led.value().text() == "made");
  BOOST_REQUIRE(waited.hit());
  BOOST_TEST(waited.value().text() == "made");
}

BOOST_AUTO_TEST_CASE(a_report_that_throws_costs_no_key_of_a_batch_its_value) {
  const ComputingWorld world([](auto&) {});
  ManyComputation many;
  many.factory = [](auto missing, auto made) {
    for (std::size_t item = 0; item < missing.size(); ++item)
      made[item] = Computed{std::string(missing[item]), TimeToLive(0ms)};
  };
  many.report = [](const Error&) { throw std::runtime_error("a report failed"); };
  std::vector<Lookup> found(2);
  world.cache->remember_many(std::vector<std::string_view>{"a", "b"}, 1min, many, found);
  BOOST_REQUIRE(found[0].hit());
  BOOST_REQUIRE(found[1].hit());
  BOOST_TEST(found[1].value().text() == "b");
}

BOOST_AUTO_TEST_CASE(who_waits_for_a_check_that_throws_hears_why) {
  const auto locks = std::make_shared<MemoryMutexSite>();
  ComputingWorld world([&](auto& options) { options.locks = std::shared_ptr<IMutexSite>(locks); });
  BOOST_TEST(world.give("old").hit());
  std::atomic<int> checks{0};
  Lookup waited;
  std::thread waits([&] {
    Computation refusing;
    refusing.factory = [] { return Computed{std::string("its own")}; };
    refusing.accepts = [](Found, const Value&) { return false; };
    if (wait_until([&] { return checks == 2; })) waited = world.cache->remember("k", 1min, refusing);
  });
  Computation computation;
  computation.factory = [] { return Computed{std::string("unused")}; };
  computation.accepts = [&](Found, const Value&) {
    if (++checks == 1) return false;
    (void)somebody_waits(world);  // under the lock
    throw std::runtime_error("a check failed");
  };
  const auto led = world.cache->remember("k", 1min, computation);
  waits.join();
  for (const auto& found : {led, waited}) {
    BOOST_REQUIRE(found.failed());
    BOOST_TEST(found.error().message().find("a check failed") != std::string::npos);
  }
}

BOOST_AUTO_TEST_SUITE_END()
