#include "scripted_server.hpp"
#include "support/sanitized.hpp"
#include "unit/event_loop/parts.hpp"

#include <cachesite/event_loop.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;

namespace {

constexpr int rounds = sanitized ? 100'000 : 1'000'000;

// How much of the stack is used between its calls.
class StackMeter {
 public:
  [[gnu::noinline]] void look() {
    const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    least_ = std::min(least_, here);
    most_ = std::max(most_, here);
  }
  [[nodiscard]] std::uintptr_t used() const { return most_ - least_; }

 private:
  std::uintptr_t least_ = std::numeric_limits<std::uintptr_t>::max(), most_ = 0;
};

}  // namespace

// These tests are compiled without optimisation, which would hide it.
BOOST_AUTO_TEST_SUITE(flat_stack)

BOOST_AUTO_TEST_CASE(a_million_calls_at_hand_in_one_coroutine_use_no_stack) {
  EventLoop loop;
  ScriptedServer server(loop);
  StackMeter meter;
  auto routine = [](ScriptedServer& of, StackMeter& to) -> Routine {
    for (int round = 0; round < rounds; ++round) {
      const auto answer = co_await of.at_hand(round);
      if (answer.ok()) to.look();
    }
  }(server, meter);
  BOOST_TEST(routine.done());
  BOOST_TEST(meter.used() == 0U);
}

BOOST_AUTO_TEST_CASE(a_million_calls_that_end_before_their_caller_waits_use_no_stack) {
  EventLoop loop;
  ScriptedServer server(loop);
  server.between = [&](int number) { server.answer(number); };
  StackMeter meter;
  auto routine = [](ScriptedServer& of, StackMeter& to) -> Routine {
    for (int round = 0; round < rounds; ++round) {
      const auto answer = co_await of.later(round);
      if (answer.ok()) to.look();
    }
  }(server, meter);
  BOOST_TEST(routine.done());
  BOOST_TEST(meter.used() == 0U);
}

BOOST_AUTO_TEST_CASE(a_million_functions_that_make_the_next_call_use_no_stack) {
  EventLoop loop;
  ScriptedServer server(loop);
  struct Next {
    void operator()(const ScriptedServer::Answer& answer) const {
      meter->look();
      if (answer.value() < rounds) server->at_hand(answer.value() + 1).start(*this);
    }
    ScriptedServer* server;
    StackMeter* meter;
  };
  StackMeter meter;
  server.at_hand(1).start(Next{&server, &meter});
  BOOST_TEST(meter.used() == 0U);
  BOOST_TEST(server.begun() == rounds);
}

BOOST_AUTO_TEST_SUITE_END()
