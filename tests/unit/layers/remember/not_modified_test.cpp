// Values that are still right when they are computed again.

#include "support/wait_until.hpp"
#include "unit/layers/remember/computing_world.hpp"

#include <chrono>
#include <string>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;
using test::ComputingWorld;

BOOST_AUTO_TEST_SUITE(not_modified_values)

BOOST_AUTO_TEST_CASE(a_value_whose_ttl_has_ended_lives_on) {
  ComputingWorld world([](auto& options) { options.stale.keep = 1h; });
  world.let_value_end();
  std::string seen;
  const auto found = world.cache->remember("k", 1min, [&](const ComputeContext& context) -> Computed {
    if (context.stale == nullptr) return {"new"};
    seen = context.stale->text();
    return NotModified{};
  });
  BOOST_TEST(seen == "old");
  BOOST_TEST(found.value().text() == "old");
  BOOST_TEST(!found.stale());
  BOOST_TEST(world.cache->get("k").value().text() == "old");
  BOOST_TEST(world.cache->time_to_live("k").value().left.count() == 60'000);
  BOOST_TEST(world.statistics().not_modified == 1U);
}

BOOST_AUTO_TEST_CASE(it_may_have_another_ttl) {
  ComputingWorld world([](auto& options) { options.stale.keep = 1h; });
  world.let_value_end();
  (void)world.cache->remember("k", 1min, [](const ComputeContext&) { return NotModified{TimeToLive(5s)}; });
  BOOST_TEST(world.cache->time_to_live("k").value().left.count() == 5'000);
}

BOOST_AUTO_TEST_CASE(ahead_of_its_end_only_its_ttl_is_sent) {
  ComputingWorld world([](auto& options) { options.refresh.mode = RefreshMode::eager; });
  BOOST_TEST(world.give("v").hit());
  world.clock->advance(50s);
  const int writes = world.below->writes;
  const auto found = world.cache->remember("k", 1min, [](const ComputeContext& context) -> Computed {
    if (context.stale == nullptr) return {"not given the value"};
    return NotModified{};
  });
  BOOST_TEST(found.value().text() == "v");
  BOOST_TEST(world.below->writes == writes);
  BOOST_TEST(world.cache->time_to_live("k").value().left.count() == 60'000);
  world.clock->advance(50s);
  BOOST_TEST(world.give("newer").value().text() == "newer");  // it is due once more
}

BOOST_AUTO_TEST_CASE(without_a_known_value_it_is_a_failure) {
  ComputingWorld world([](auto& options) { options.stale.keep = 1h; });
  const auto found = world.cache->remember("k", 1min, [](const ComputeContext&) { return NotModified{}; });
  BOOST_REQUIRE(found.failed());
  BOOST_TEST((found.error().code() == ErrorCode::not_computed));
  BOOST_TEST(world.cache->get("k").miss());
}

BOOST_AUTO_TEST_CASE(a_removal_meanwhile_wins) {
  ComputingWorld world([](auto& options) { options.stale.keep = 1h; });
  world.let_value_end();
  const auto found = world.cache->remember("k", 1min, [&](const ComputeContext&) {
    (void)world.cache->remove("k");
    return NotModified{};
  });
  BOOST_TEST(found.value().text() == "old");
  BOOST_TEST(world.cache->get("k").miss());
}

BOOST_AUTO_TEST_SUITE_END()
