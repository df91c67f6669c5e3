#include "redis/channel/deadline_line.hpp"

#include <array>
#include <chrono>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite::redis;
using namespace std::chrono_literals;
namespace event_loop = cachesite::event_loop;

namespace {

struct StillReactor final : event_loop::IReactor {
  [[nodiscard]] TimePoint now() const noexcept override { return time; }
  void arm(event_loop::Timer&, TimePoint when) noexcept override {
    armed = when;
    ++arms;
  }
  bool disarm(event_loop::Timer&) noexcept override { return false; }
  bool watch(int, event_loop::Watch&) noexcept override { return false; }
  void unwatch(event_loop::Watch&) noexcept override {}
  void forget(event_loop::Watch&) noexcept override {}

  TimePoint time{};
  TimePoint armed{};
  int arms = 0;
};

struct IdleTimer final : event_loop::Timer {
  void expire() noexcept override {}
};

struct Deadline final : DeadlineLine::Entry {
  void keep() noexcept override { kept = true; }
  void overdue() noexcept override { told = kept; }
  bool kept = false;
  bool told = false;
};

struct Deadlines {
  [[nodiscard]] std::vector<bool> told() const {
    std::vector<bool> told;
    for (const Deadline& entry : entries)
      told.push_back(entry.told);
    return told;
  }
  StillReactor reactor;
  IdleTimer timer;
  DeadlineLine line{reactor, timer};
  std::array<Deadline, 4> entries;
  const TimePoint begin{};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(deadline_line)

BOOST_FIXTURE_TEST_CASE(one_timer_serves_all_deadlines, Deadlines) {
  for (std::size_t index = 0; index < entries.size(); ++index)
    BOOST_REQUIRE(line.join(entries[index], begin + 10ms * static_cast<int>(index + 1)));
  BOOST_TEST(reactor.arms == 1);
  BOOST_TEST((reactor.armed == begin + 10ms));
  reactor.time = begin + 25ms;
  line.tell();
  BOOST_TEST((told() == std::vector<bool>{true, true, false, false}));
  BOOST_TEST((reactor.armed == begin + 30ms));
}

BOOST_FIXTURE_TEST_CASE(who_leaves_is_not_told, Deadlines) {
  for (Deadline& entry : entries)
    BOOST_REQUIRE(line.join(entry, begin + 10ms));
  line.leave(entries[0]);
  line.leave(entries[2]);
  line.leave(entries[2]);
  reactor.time = begin + 10ms;
  line.tell();
  BOOST_TEST((told() == std::vector<bool>{false, true, false, true}));
  BOOST_TEST(reactor.arms == 1);
  BOOST_REQUIRE(line.join(entries[0], begin + 30ms));
  BOOST_TEST((reactor.armed == begin + 30ms));
  line.leave(entries[0]);
  BOOST_REQUIRE(line.join(entries[1], begin + 40ms));
  BOOST_TEST((reactor.armed == begin + 30ms));
  reactor.time = begin + 30ms;
  line.tell();
  BOOST_TEST((reactor.armed == begin + 40ms));
}

BOOST_FIXTURE_TEST_CASE(a_deadline_before_that_of_another_needs_a_timer_of_its_own, Deadlines) {
  BOOST_REQUIRE(line.join(entries[0], begin + 10ms));
  BOOST_TEST(!line.join(entries[1], begin + 9ms));
  line.leave(entries[1]);
  line.leave(entries[0]);
  BOOST_TEST(line.join(entries[1], begin + 9ms));
  BOOST_TEST((reactor.armed == begin + 9ms));
}

BOOST_AUTO_TEST_SUITE_END()
