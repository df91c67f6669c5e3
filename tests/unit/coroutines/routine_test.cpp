#include "coroutines/routine.hpp"

#include "coroutines/pause.hpp"
#include "coroutines/routine_operation.hpp"
#include "support/fake_clock.hpp"
#include "support/sanitized.hpp"
#include "support/wait_until.hpp"
#include "unit/event_loop/parts.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <random>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;
using coroutines::LoopAccess;
using coroutines::Pause;
using test::reactor_of;
using Number = Result<int>;
using NumberRoutine = coroutines::Routine<Number>;

namespace {

NumberRoutine at_hand(int number) {
  co_return number;
}

NumberRoutine throwing() {
  throw std::runtime_error("thrown within");
  co_return 0;
}

NumberRoutine sum_of(int count) {
  int sum = 0;
  for (int number = 1; number <= count; ++number) {
    auto next = at_hand(number);
    const auto value = co_await next;
    sum += value.value_or(0) % 2;
  }
  co_return sum;
}

NumberRoutine pass_on_failure() {
  auto failing = throwing();
  const auto failed = co_await failing;
  co_return failed.error();
}

// Waits three times, each until it is woken or its time has come.
NumberRoutine wait_thrice(std::shared_ptr<Pause> pause, std::chrono::milliseconds length,
                          std::stop_token stop) {
  for (int round = 0; round < 3; ++round) {
    co_await pause->until(pause->now() + length, stop);
    if (stop.stop_requested()) co_return Error(ErrorCode::closed);
  }
  co_return 3;
}

// A call of such a routine, and who waits for it.
class Call final : private detail::OperationCaller {
 public:
  Call(const LoopAccess& place, std::chrono::milliseconds length)
      : pause_(std::make_shared<Pause>(place)),
        operation_(coroutines::make_operation<Number>(place, [pause = pause_, length](std::stop_token stop) {
          return wait_thrice(pause, length, std::move(stop));
        })) {
    if (operation_->begin(*this)) ++ends_;
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  ~Call() { operation_->abandon(); }

  void wake() { pause_->wake(); }
  void cancel() { operation_->cancel(); }
  void abandon() {
    operation_->abandon();
    expected_ = ends_;
  }
  [[nodiscard]] bool over() const { return ends_ == expected_; }
  [[nodiscard]] bool abandoned_in_time() const { return expected_ == 0; }
  [[nodiscard]] int ends() const { return ends_; }
  [[nodiscard]] Number take() { return operation_->take_result(); }

 private:
  void ended() noexcept override { ++ends_; }

  const std::shared_ptr<Pause> pause_;
  const std::unique_ptr<detail::AsyncOperationOf<Number>> operation_;
  std::atomic<int> ends_{0};
  int expected_ = 1;
};

// A loop that the test runs, on a clock that it moves.
struct LoopWorld {
  std::shared_ptr<test::FakeClock> clock = std::make_shared<test::FakeClock>();
  EventLoop loop{[] {
                   EventLoop::Options options;
                   options.threads = 0;
                   return options;
                 }(),
                 test::context_with(clock)};
  LoopAccess place{&loop, &reactor_of(loop)};

  void advance(std::chrono::milliseconds length) {
    clock->advance(length);
    loop.run_ready();
  }
};

// What happens to eight calls, by the seed. Empty when each of them ended once, or not at all for who has left.
std::string run_schedule(unsigned seed) {
  std::minstd_rand random(seed);
  const auto pick = [&](unsigned count) { return static_cast<unsigned>(random() % count); };
  LoopWorld world;
  std::vector<std::unique_ptr<Call>> calls;
  for (int number = 0; number < 8; ++number)
    calls.push_back(std::make_unique<Call>(world.place, std::chrono::milliseconds(1 + pick(20))));
  for (int step = 0; step < 40; ++step) {
    Call& call = *calls[pick(8)];
    switch (pick(8)) {
      case 0:
        call.cancel();
        break;
      case 1:
        if (pick(4) == 0) call.abandon();
        break;
      case 2:
      case 3:
        call.wake();
        break;
      case 4:
        world.advance(std::chrono::milliseconds(pick(10)));
        break;
      default:
        world.loop.run_ready();
    }
  }
  for (int turn = 0; turn < 10; ++turn)
    world.advance(100ms);
  for (const auto& call : calls) {
    if (!call->over()) return "a call ended " + std::to_string(call->ends()) + " times";
    if (call->abandoned_in_time()) continue;
    const auto result = call->take();
    if (result.ok() ? result.value() != 3 : result.error().code() != ErrorCode::closed)
      return "a wrong result";
  }
  return {};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(routine)

BOOST_AUTO_TEST_CASE(what_is_at_hand_is_run_at_once) {
  BOOST_TEST(at_hand(7).run_at_once().value_or(0) == 7);
  BOOST_TEST(sum_of(100'000).run_at_once().value_or(0) == 50'000);
}

BOOST_AUTO_TEST_CASE(what_is_thrown_becomes_a_failure_of_whoever_awaits_it) {
  const auto failed = pass_on_failure().run_at_once();
  BOOST_REQUIRE(!failed.ok());
  BOOST_TEST(failed.error().message() == "thrown within");
}

BOOST_AUTO_TEST_CASE(a_pause_ends_when_it_is_woken_at_its_time_and_when_a_stop_is_requested) {
  LoopWorld world;
  Call woken(world.place, 10s), timed(world.place, 5ms), stopped(world.place, 10s);
  for (int round = 0; round < 3; ++round) {
    woken.wake();
    BOOST_TEST(woken.ends() == 0);
    world.loop.run_ready();
    world.advance(10ms);
  }
  stopped.cancel();
  BOOST_TEST(stopped.ends() == 0);
  world.loop.run_ready();
  BOOST_TEST((woken.ends() == 1 && timed.ends() == 1 && stopped.ends() == 1));
  BOOST_TEST(woken.take().value_or(0) == 3);
  BOOST_TEST(timed.take().value_or(0) == 3);
  BOOST_TEST(!stopped.take().ok());
}

BOOST_AUTO_TEST_CASE(a_call_that_nobody_waits_for_any_more_ends_by_itself_and_tells_nobody) {
  LoopWorld world;
  auto call = std::make_unique<Call>(world.place, 10s);
  call->abandon();
  world.loop.run_ready();
  BOOST_TEST(call->ends() == 0);
}

BOOST_AUTO_TEST_CASE(each_call_ends_once_whatever_happens_to_it) {
  constexpr unsigned schedules = 10'000 / test::sampling;
  for (unsigned seed = 1; seed <= schedules; ++seed) {
    const auto wrong = run_schedule(seed);
    BOOST_REQUIRE_MESSAGE(wrong.empty(), "seed " << seed << ": " << wrong);
  }
}

BOOST_AUTO_TEST_CASE(each_call_ends_once_with_threads_that_wake_stop_and_leave) {
  constexpr int rounds = test::sanitized ? 300 : 3'000;
  EventLoop loop;
  loop.start();
  const LoopAccess place{&loop, &reactor_of(loop)};
  std::minstd_rand random(42);
  int wrong = 0;
  for (int round = 0; round < rounds; ++round) {
    Call call(place, 1ms);
    const auto action = random() % 4;
    std::thread other([&] {
      for (int times = 0; times < 3; ++times)
        call.wake();
      if (action == 1) call.cancel();
    });
    if (action == 2) call.abandon();
    other.join();
    if (action == 2) continue;
    if (!test::wait_until([&] { return call.ends() == 1; })) ++wrong;
  }
  BOOST_TEST(wrong == 0);
}

BOOST_AUTO_TEST_SUITE_END()
