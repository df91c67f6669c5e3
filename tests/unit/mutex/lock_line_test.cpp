#include "engine_world.hpp"
#include "support/wait_until.hpp"

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

using namespace cachesite;
using namespace std::chrono_literals;
using mutex::HeldLock;
using mutex::LockLine;

namespace {

std::shared_ptr<HeldLock> holder(const std::shared_ptr<LockLine>& line, MutexMode mode) {
  auto held_lock = std::make_shared<HeldLock>(mutex::Claim{line->name(), "me", mode, 1s}, line,
                                              HeldLock::Lasting::for_ever, std::make_shared<SteadyClock>());
  held_lock->grant(1, mutex::SteadyTime::now());
  return held_lock;
}

// Held until the result goes.
std::shared_ptr<HeldLock> take(const std::shared_ptr<LockLine>& line, MutexMode mode) {
  LockLine::Waiter waiter(*line, mode);
  BOOST_REQUIRE(waiter.wait_for_turn(0ns, {}));
  auto held_lock = holder(line, mode);
  waiter.become(held_lock);
  return {held_lock.get(), [line, held_lock](HeldLock* held) { line->vacate(*held); }};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lock_line)

BOOST_AUTO_TEST_CASE(who_leaves_the_line_in_vain_lets_the_next_go_at_once) {
  const auto line = std::make_shared<LockLine>("a");
  const auto reader = take(line, MutexMode::shared);
  std::atomic<bool> ready{false};
  std::chrono::steady_clock::duration took{};
  bool got_it = false;
  std::thread second;
  {
    LockLine::Waiter writer(*line, MutexMode::exclusive);
    BOOST_TEST(!writer.wait_for_turn(0ns, {}));
    second = std::thread([&] {
      LockLine::Waiter later(*line, MutexMode::shared);
      ready = true;
      const auto begin = std::chrono::steady_clock::now();
      got_it = later.wait_for_turn(20s, {});
      took = std::chrono::steady_clock::now() - begin;
    });
    BOOST_TEST(test::wait_until([&] { return ready.load(); }));
    BOOST_TEST(!writer.wait_for_turn(50ms, {}));
  }
  second.join();
  BOOST_TEST(got_it);
  BOOST_TEST((took < 5s));
}

BOOST_AUTO_TEST_CASE(a_waiting_writer_keeps_later_readers_out) {
  const auto line = std::make_shared<LockLine>("a");
  const auto reader = take(line, MutexMode::shared);
  const LockLine::Waiter writer(*line, MutexMode::exclusive);
  LockLine::Waiter later(*line, MutexMode::shared);
  BOOST_TEST(!later.wait_for_turn(0ns, {}));
}

BOOST_AUTO_TEST_CASE(readers_have_it_together_and_the_writer_once_the_last_has_gone) {
  const auto line = std::make_shared<LockLine>("a");
  const auto one = take(line, MutexMode::shared);
  const auto two = take(line, MutexMode::shared);
  LockLine::Waiter writer(*line, MutexMode::exclusive);
  BOOST_TEST(!writer.wait_for_turn(0ns, {}));
  line->vacate(*one);
  BOOST_TEST(!writer.wait_for_turn(0ns, {}));
  line->vacate(*two);
  BOOST_TEST(writer.wait_for_turn(0ns, {}));
  BOOST_TEST(line->held_locks().empty());
}

BOOST_AUTO_TEST_CASE(the_exclusive_holder_may_take_it_again_on_its_own_thread_only) {
  const auto line = std::make_shared<LockLine>("a");
  const auto first = take(line, MutexMode::exclusive);
  BOOST_TEST((line->take_again() == first));
  std::thread([&] { BOOST_TEST(!line->take_again()); }).join();
  BOOST_TEST(!line->give_back_once(*first));
  BOOST_TEST(line->give_back_once(*first));
}

BOOST_AUTO_TEST_CASE(waiting_ends_when_it_is_told_to) {
  const auto line = std::make_shared<LockLine>("a");
  const auto first = take(line, MutexMode::exclusive);
  std::stop_source stop;
  std::thread waiter([&] {
    LockLine::Waiter waiter(*line, MutexMode::exclusive);
    BOOST_TEST(!waiter.wait_for_turn(std::nullopt, stop.get_token()));
  });
  stop.request_stop();
  waiter.join();
}

BOOST_AUTO_TEST_SUITE_END()
