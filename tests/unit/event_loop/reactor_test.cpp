#include "parts.hpp"
#include "support/fake_clock.hpp"
#include "support/wait_until.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include <boost/test/unit_test.hpp>
#include <sys/epoll.h>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

// A loop in simulated time.
struct World {
  std::shared_ptr<FakeClock> clock = std::make_shared<FakeClock>();
  EventLoop loop{{}, context_with(clock)};
  cachesite::event_loop::IReactor& reactor = reactor_of(loop);

  void after(std::chrono::milliseconds length) {
    clock->advance(length);
    loop.run_ready();
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(reactor)

BOOST_AUTO_TEST_CASE(a_timer_expires_once_and_not_before_its_time) {
  World world;
  int times = 0;
  TimerOf timer([&] { ++times; });
  world.reactor.arm(timer, world.reactor.now() + 10ms);
  world.after(9ms);
  BOOST_TEST(times == 0);
  world.after(5ms);
  BOOST_TEST(times == 1);
  world.after(1h);
  BOOST_TEST(times == 1);
  BOOST_TEST(!world.reactor.disarm(timer));
}

BOOST_AUTO_TEST_CASE(a_timer_that_is_armed_anew_or_disarmed_forgets_its_time) {
  World world;
  int times = 0;
  TimerOf timer([&] { ++times; });
  world.reactor.arm(timer, world.reactor.now() + 10ms);
  world.reactor.arm(timer, world.reactor.now() + 5s);
  world.after(4s);
  BOOST_TEST(times == 0);
  BOOST_TEST(world.reactor.disarm(timer));
  world.after(4s);
  BOOST_TEST(times == 0);
}

BOOST_AUTO_TEST_CASE(a_timer_may_disarm_another_of_the_same_turn_and_arm_itself_anew) {
  World world;
  std::string order;
  std::optional<TimerOf> first, second;
  first.emplace([&] {
    order += world.reactor.disarm(*second) ? "first " : "late ";
    world.reactor.arm(*first, world.reactor.now() + 10ms);
  });
  second.emplace([&] { order += "second "; });
  world.reactor.arm(*first, world.reactor.now() + 5ms);
  world.reactor.arm(*second, world.reactor.now() + 5ms);
  world.after(20ms);
  BOOST_TEST(order == "first ");
  world.after(20ms);
  BOOST_TEST(order == "first late ");
  world.reactor.disarm(*first);
}

BOOST_AUTO_TEST_CASE(an_earlier_timer_shortens_the_sleep_of_a_loop) {
  EventLoop loop;
  auto& reactor = reactor_of(loop);
  TimerOf late([] {});
  reactor.arm(late, reactor.now() + 1h);
  loop.start();
  BOOST_TEST(wait_until([&] { return loop.statistics().threads == 1; }));
  std::atomic<bool> expired{false};
  TimerOf timer([&] { expired = true; });
  const auto begin = std::chrono::steady_clock::now();
  reactor.arm(timer, reactor.now() + 20ms);
  await(expired);
  BOOST_TEST((std::chrono::steady_clock::now() - begin >= 20ms));
  reactor.disarm(late);
  reactor.disarm(timer);
}

BOOST_AUTO_TEST_CASE(disarming_waits_for_the_end_of_what_runs_in_another_thread) {
  EventLoop loop({.threads = 1});
  auto& reactor = reactor_of(loop);
  loop.start();
  for (int round = 0; round < 10; ++round) {
    std::atomic<bool> running{false}, over{false};
    TimerOf timer([&] {
      running = true;
      for (int turn = 0; turn < 20; ++turn)
        std::this_thread::yield();
      over = true;
    });
    reactor.arm(timer, reactor.now());
    await(running);
    BOOST_TEST(!reactor.disarm(timer));
    BOOST_TEST(over);
  }
}

BOOST_AUTO_TEST_CASE(a_watch_is_told_once_for_each_change) {
  World world;
  const Sockets sockets;
  int told = 0;
  std::uint32_t seen = 0;
  WatchOf watch([&](std::uint32_t events) {
    ++told;
    seen = events;
  });
  BOOST_TEST(world.reactor.watch(sockets.near(), watch));
  world.loop.run_ready();
  BOOST_TEST(told == 1);
  BOOST_TEST((seen & EPOLLOUT) != 0U);
  world.loop.run_ready();
  BOOST_TEST(told == 1);
  BOOST_TEST(sockets.far_writes());
  world.loop.run_ready();
  BOOST_TEST(told == 2);
  BOOST_TEST((seen & EPOLLIN) != 0U);
  world.loop.run_ready();  // though nobody has read
  BOOST_TEST(told == 2);
  world.reactor.unwatch(watch);
  BOOST_TEST(sockets.far_writes());
  world.loop.run_ready();
  BOOST_TEST(told == 2);
}

BOOST_AUTO_TEST_CASE(a_watch_may_end_within_and_its_place_is_used_again) {
  World world;
  const Sockets sockets;
  for (int round = 0; round < 3; ++round) {
    std::optional<WatchOf> watch;
    bool told = false;
    watch.emplace([&](std::uint32_t) {
      world.reactor.unwatch(*watch);
      told = true;
    });
    BOOST_TEST(world.reactor.watch(sockets.near(), *watch));
    world.loop.run_ready();
    BOOST_TEST(told);
    watch.reset();
    world.loop.run_ready();
  }
}

BOOST_AUTO_TEST_CASE(what_cannot_be_watched_is_refused) {
  World world;
  WatchOf watch([](std::uint32_t) {});
  BOOST_TEST(!world.reactor.watch(-1, watch));
  world.reactor.unwatch(watch);
  const Sockets sockets;
  BOOST_TEST(world.reactor.watch(sockets.near(), watch));
  world.reactor.unwatch(watch);
}

BOOST_AUTO_TEST_CASE(an_answer_goes_before_a_deadline_of_the_same_turn) {
  World world;
  const Sockets sockets;
  std::string order;
  TimerOf timer([&] { order += "deadline"; });
  WatchOf watch([&](std::uint32_t) { order += "answer "; });
  world.reactor.arm(timer, world.reactor.now());
  BOOST_TEST(world.reactor.watch(sockets.near(), watch));
  world.after(10ms);
  BOOST_TEST(order == "answer deadline");
  world.reactor.unwatch(watch);
}

BOOST_AUTO_TEST_CASE(a_watch_is_told_on_one_thread_at_a_time_and_of_all_that_comes_meanwhile) {
  EventLoop loop({.threads = 3});
  auto& reactor = reactor_of(loop);
  const Sockets sockets;
  std::atomic<int> inside{0}, most{0}, bytes{0};
  WatchOf watch([&](std::uint32_t) {
    most = std::max(most.load(), inside.fetch_add(1) + 1);
    bytes += sockets.read_all();
    std::this_thread::yield();
    inside.fetch_sub(1);
  });
  BOOST_TEST(reactor.watch(sockets.near(), watch));
  loop.start();
  for (int byte = 0; byte < 500;)
    if (sockets.far_writes())
      ++byte;
    else
      std::this_thread::yield();
  BOOST_TEST(wait_until([&] { return bytes == 500; }));
  reactor.unwatch(watch);
  BOOST_TEST(most == 1);
  BOOST_TEST(inside == 0);
}

BOOST_AUTO_TEST_SUITE_END()
