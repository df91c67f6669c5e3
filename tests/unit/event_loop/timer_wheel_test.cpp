#include "event_loop/timer_wheel.hpp"

#include "unit/redis/seeded_schedules.hpp"

#include <chrono>
#include <list>
#include <map>
#include <string>

using namespace cachesite::event_loop;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

constexpr TimePoint origin = TimePoint(1000h);

struct Idle final : Timer {
  void expire() noexcept override {}
};

// Timers that are put in and taken out at random, against a map of when each has to expire.
std::string wheel_against_map(std::uint64_t seed) {
  Dice dice(seed);
  TimerWheel wheel(origin);
  std::list<Idle> timers;
  std::map<Timer*, TimePoint> armed;
  TimePoint now = origin;
  for (int step = 0; step < 200; ++step) {
    if (dice.chance(50)) {
      const auto when =
          now + std::chrono::microseconds(dice.between(-10'000, 6'000'000) >> dice.between(0, 12));
      wheel.insert(timers.emplace_back(), when);
      armed[&timers.back()] = std::max(when, now);
    } else if (dice.chance(30) && !armed.empty()) {
      const auto chosen = std::next(armed.begin(), static_cast<long>(dice.below(armed.size())));
      wheel.remove(*chosen->first);
      armed.erase(chosen);
    } else {
      const auto before = wheel.next();
      now += std::chrono::microseconds(dice.between(0, 5'000'000) >> dice.between(0, 12));
      LinkedList<Timer> due;
      wheel.advance(now, due);
      if (now < before && !due.empty()) return "one expires before next()";
      while (Timer* const timer = due.find([](Timer&) { return true; })) {
        due.erase(*timer);
        const auto entry = armed.find(timer);
        if (entry == armed.end()) return "one expires that is not armed";
        if (entry->second > now) return "one expires too early";
        armed.erase(entry);
      }
      for (const auto& [timer, when] : armed)
        if (when + TimerWheel::tick_length <= now) return "one is late";
    }
    if (wheel.armed() != armed.size()) return "the wheel counts otherwise";
    for (const auto& [timer, when] : armed)
      if (wheel.next() > std::max(when, now) + TimerWheel::tick_length) return "next() is too late";
  }
  return "";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(timer_wheel)

BOOST_AUTO_TEST_CASE(timers_expire_at_their_time_and_less_than_a_tick_later) {
  run_seeds(1000, wheel_against_map);
}

BOOST_AUTO_TEST_CASE(nothing_is_due_when_no_timer_is_armed) {
  TimerWheel wheel(origin);
  BOOST_TEST((wheel.next() == TimePoint::max()));
  Idle timer;
  wheel.insert(timer, origin + 1h);
  BOOST_TEST((wheel.next() < TimePoint::max()));
  wheel.remove(timer);
  BOOST_TEST((wheel.next() == TimePoint::max()));
}

BOOST_AUTO_TEST_CASE(a_timer_for_the_end_of_time_never_expires) {
  TimerWheel wheel(origin);
  Idle timer;
  wheel.insert(timer, TimePoint::max());
  LinkedList<Timer> due;
  wheel.advance(origin + 24h, due);
  BOOST_TEST(due.empty());
  BOOST_TEST(wheel.armed() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
