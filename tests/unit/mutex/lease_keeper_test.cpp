#include "engine_world.hpp"
#include "support/wait_until.hpp"

#include <atomic>
#include <thread>

using namespace cachesite;
using namespace std::chrono_literals;
using test::EngineWorld;
using test::must_take;

namespace {

MutexRequest unrenewed(std::chrono::milliseconds expire) {
  MutexRequest request;
  request.expire = expire;
  request.renew = false;
  return request;
}

Error lost_answer() {
  return Error(ErrorCode::timeout, "no answer", Outcome::unknown);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lease_keeper)

BOOST_AUTO_TEST_CASE(a_lease_is_renewed_after_a_third_of_its_time_and_not_before) {
  EngineWorld world;
  const auto lease = must_take(*world.mutex("a"));
  world.advance(9s);
  BOOST_TEST(world.backend->count(world.backend->renewals, "a") == 0);
  world.advance(1s);
  BOOST_TEST(world.backend->count(world.backend->renewals, "a") == 1);
  world.advance(9s);
  BOOST_TEST(world.backend->count(world.backend->renewals, "a") == 1);
  world.advance(1s);
  BOOST_TEST(world.backend->count(world.backend->renewals, "a") == 2);
  BOOST_TEST(lease->held());
}

BOOST_AUTO_TEST_CASE(a_renewal_that_fails_is_tried_again_a_twentieth_of_the_lease_later) {
  EngineWorld world;
  std::atomic<bool> failing{true};
  world.backend->fail_renewal = [&](const auto&) -> std::optional<Error> {
    if (failing) return lost_answer();
    return std::nullopt;
  };
  const auto lease = must_take(*world.mutex("a"));
  world.advance(10s);
  BOOST_TEST(world.backend->count(world.backend->renewals, "a") == 1);
  world.advance(1400ms);
  BOOST_TEST(world.backend->count(world.backend->renewals, "a") == 1);
  world.advance(100ms);
  BOOST_TEST(world.backend->count(world.backend->renewals, "a") == 2);
  failing = false;
  world.advance(1500ms);
  BOOST_TEST(world.backend->count(world.backend->renewals, "a") == 3);
  world.advance(29s);
  BOOST_TEST(lease->held());
}

BOOST_AUTO_TEST_CASE(a_lease_that_cannot_be_renewed_is_lost_at_its_end_and_not_before) {
  EngineWorld world;
  world.backend->fail_renewal = [](const auto&) { return lost_answer(); };
  const auto mutex = world.mutex("a");
  const auto lease = must_take(*mutex);
  for (int second = 0; second < 29; ++second)
    world.advance(1s);
  BOOST_TEST(lease->held());
  BOOST_TEST(!lease->lost().stop_requested());
  world.advance(1s);
  BOOST_TEST(!lease->held());
  BOOST_TEST(lease->lost().stop_requested());
  BOOST_TEST(world.logger->count(LogLevel::warning, "lost mutex \"a\": it could not be renewed in time") ==
             1U);
}

BOOST_AUTO_TEST_CASE(a_lost_lease_that_may_have_been_renewed_is_given_back) {
  EngineWorld world;
  world.backend->fail_renewal = [](const auto&) { return lost_answer(); };
  const auto renewed_by_the_site = must_take(*world.mutex("a"));
  const auto renewed_by_hand = must_take(*world.mutex("b"), unrenewed(30s));
  const auto not_renewed = must_take(*world.mutex("c"), unrenewed(30s));
  BOOST_TEST(!renewed_by_hand->renew().ok());
  for (int second = 0; second < 29; ++second)
    world.advance(1s);
  BOOST_TEST(!world.backend->is_free("a"));
  for (int second = 0; second < 3; ++second)
    world.advance(1s);
  BOOST_TEST(!renewed_by_the_site->held());
  BOOST_TEST(world.backend->is_free("a"));
  BOOST_TEST(world.backend->is_free("b"));
  BOOST_TEST(world.backend->count(world.backend->releases, "c") == 0);
}

BOOST_AUTO_TEST_CASE(a_release_is_tried_for_as_long_as_a_renewal_may_keep_the_mutex) {
  EngineWorld world;
  world.backend->fail_renewal = [](const auto&) { return lost_answer(); };
  std::atomic<bool> failing{true};
  world.backend->fail_release = [&](const auto&) -> std::optional<Error> {
    if (failing) return lost_answer();
    return std::nullopt;
  };
  const auto lease = must_take(*world.mutex("a"));
  for (int second = 0; second < 25; ++second)
    world.advance(1s);
  BOOST_TEST(!lease->release().ok());
  for (int second = 0; second < 10; ++second)
    world.advance(1s);
  BOOST_TEST(!world.backend->is_free("a"));
  failing = false;
  world.advance(1s);
  BOOST_TEST(world.backend->is_free("a"));
}

BOOST_AUTO_TEST_CASE(a_lease_that_is_not_renewed_is_lost_at_its_end_and_not_before) {
  EngineWorld world;
  const auto lease = must_take(*world.mutex("a"), unrenewed(1000ms));
  world.advance(989ms);
  BOOST_TEST(!lease->lost().stop_requested());
  world.advance(1ms);
  BOOST_TEST(lease->lost().stop_requested());
  BOOST_TEST(world.backend->count(world.backend->renewals, "a") == 0);
}

BOOST_AUTO_TEST_CASE(what_may_have_been_taken_is_given_back_at_the_second_try_too) {
  EngineWorld world;
  world.backend->fail_attempt = [](const auto&) { return lost_answer(); };
  std::atomic<int> failures{2};
  world.backend->fail_release = [&](const auto&) -> std::optional<Error> {
    if (failures-- > 0) return lost_answer();
    return std::nullopt;
  };
  BOOST_TEST(!world.mutex("a")->take(EngineWorld::within(0ms)).ok());
  BOOST_TEST(!world.backend->is_free("a"));
  world.advance(50ms);
  BOOST_TEST(!world.backend->is_free("a"));
  world.advance(200ms);
  BOOST_TEST(!world.backend->is_free("a"));
  world.advance(200ms);
  BOOST_TEST(world.backend->is_free("a"));
  world.advance(60s);
  BOOST_TEST(world.backend->count(world.backend->releases, "a") == 1);
  BOOST_TEST(world.backend->count(world.backend->renewals, "a") == 0);
}

BOOST_AUTO_TEST_CASE(a_release_that_is_not_answered_is_made_up_for) {
  EngineWorld world;
  std::atomic<bool> failing{true};
  world.backend->fail_release = [&](const auto&) -> std::optional<Error> {
    if (failing) return lost_answer();
    return std::nullopt;
  };
  const auto lease = must_take(*world.mutex("a"));
  BOOST_TEST(!lease->release().ok());
  failing = false;
  world.advance(50ms);
  BOOST_TEST(world.backend->is_free("a"));
  BOOST_TEST(!lease->lost().stop_requested());
}

BOOST_AUTO_TEST_CASE(the_site_gives_the_last_attempt_half_a_second_and_earlier_ones_what_is_left) {
  EngineWorld world;
  (void)must_take(*world.mutex("a"), EngineWorld::within(0ms));
  (void)must_take(*world.mutex("a"), EngineWorld::within(100ms));
  (void)must_take(*world.mutex("a"), EngineWorld::within(3s));
  (void)must_take(*world.mutex("a"));
  BOOST_REQUIRE(world.backend->limits.size() == 4U);
  BOOST_TEST((world.backend->limits[0] == 500ms));
  BOOST_TEST((world.backend->limits[1] == 500ms));
  BOOST_TEST((world.backend->limits[2] == 3s));
  BOOST_TEST(!world.backend->limits[3].has_value());
}

BOOST_AUTO_TEST_CASE(a_wait_that_took_too_long_leaves_the_last_attempt_the_rest_of_the_half_second) {
  for (const auto& [wait, rest] : {std::pair(400ms, 200ms), std::pair(5000ms, 50ms)}) {
    EngineWorld world;
    world.backend->owners.emplace("a", "somebody else");
    world.backend->on_wait = [clock = world.clock, length = wait] { clock->advance(length); };
    const auto taken = world.mutex("a")->take(EngineWorld::within(100ms));
    BOOST_TEST((taken.ok() && !taken.value()));
    BOOST_REQUIRE(world.backend->limits.size() == 2U);
    BOOST_TEST((world.backend->limits[0] == 500ms));
    BOOST_TEST((world.backend->limits[1] == rest));
  }
}

BOOST_AUTO_TEST_CASE(who_has_waited_in_vain_gives_up_once) {
  EngineWorld world;
  world.backend->owners.emplace("a", "somebody else");
  world.backend->on_wait = [clock = world.clock] { clock->advance(300ms); };
  const auto taken = world.mutex("a")->take(EngineWorld::within(1s));
  BOOST_REQUIRE(taken.ok());
  BOOST_TEST(!taken.value());
  BOOST_TEST(world.backend->count(world.backend->attempts, "a") == 5);
  BOOST_TEST(world.backend->count(world.backend->given_up, "a") == 1);
}

BOOST_AUTO_TEST_CASE(a_thread_of_the_site_does_what_is_due_by_itself) {
  const EngineWorld world(std::make_shared<SteadyClock>());
  MutexRequest request;
  request.expire = 2s;  // long enough that a busy machine does not lose it
  const auto lease = must_take(*world.mutex("a"), request);
  BOOST_TEST(test::wait_until([&] { return world.backend->count(world.backend->renewals, "a") >= 2; }, 30s));
  world.engine->stop();
  BOOST_TEST(lease->lost().stop_requested());
}

BOOST_AUTO_TEST_CASE(a_mutex_that_is_granted_while_the_site_stops_is_lost) {
  EngineWorld world;
  const auto mutex = world.mutex("a");
  world.backend->fail_attempt = [&](const auto&) -> std::optional<Error> {
    world.engine->stop();
    return std::nullopt;
  };
  const auto taken = mutex->take(EngineWorld::within(0ms));
  BOOST_REQUIRE(taken.ok());
  BOOST_TEST(!taken.value()->held());
  BOOST_TEST(taken.value()->lost().stop_requested());
}

BOOST_AUTO_TEST_SUITE_END()
