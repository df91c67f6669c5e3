#include "scripted_server.hpp"
#include "support/failing_allocations.hpp"
#include "support/fake_clock.hpp"
#include "support/sanitized.hpp"
#include "unit/event_loop/parts.hpp"

#include <cachesite/event_loop.hpp>
#include <cachesite/lookup.hpp>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

using Answer = ScriptedServer::Answer;

std::string text(const Answer& answer) {
  return answer.ok() ? std::to_string(answer.value()) : std::string(to_string(answer.error().code()));
}

// Runs what it is given when it is told to.
class ManualExecutor final : public IExecutor {
 public:
  void execute(Work& work) noexcept override { queue_.push(work); }
  int run() {
    int count = 0;
    for (; Work* const work = queue_.pop(); ++count)
      work->run();
    return count;
  }

 private:
  WorkQueue queue_;
};

struct World {
  std::shared_ptr<FakeClock> clock = std::make_shared<FakeClock>();
  EventLoop loop{{}, context_with(clock)};
  ScriptedServer server{loop};
};

// Awaits a call that is made in the same expression, and notes its result.
Routine note_later(World& world, int number, std::string& to, CallOptions options = {}) {
  const auto answer = co_await world.server.later(number, options);
  to += text(answer);
}
Routine note_at_hand(World& world, int number, std::string& to, CallOptions options = {}) {
  const auto answer = co_await world.server.at_hand(number, options);
  to += text(answer);
}
Routine note_call(AsyncCall<Answer>& call, std::string& to) {
  const auto answer = co_await std::move(call);
  to += text(answer);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(async_call)

BOOST_AUTO_TEST_CASE(a_call_that_nobody_consumes_is_not_made) {
  World world;
  {
    const auto call = world.server.later(1);
    auto mapped = world.server.at_hand(2).map([](Answer) { return 0; });
  }
  BOOST_TEST(world.server.begun() == 0);
}

BOOST_AUTO_TEST_CASE(the_four_forms_give_the_same_at_hand_and_later) {
  for (const bool waits : {false, true}) {
    World world;
    const auto call = [&](int number) {
      return waits ? world.server.later(number) : world.server.at_hand(number);
    };
    std::string awaited, told;
    const auto routine = waits ? note_later(world, 1, awaited) : note_at_hand(world, 1, awaited);
    call(2).start([&](Answer answer) { told = text(answer); });
    auto future = call(3).future();
    world.server.between = [&](int number) {
      if (number == 4) world.server.answer(4);
    };
    BOOST_TEST(awaited == (waits ? "" : "1"));
    BOOST_TEST(told == (waits ? "" : "2"));
    BOOST_TEST((future.wait_for(0s) == std::future_status::ready) == !waits);
    BOOST_TEST(text(call(4).wait()) == "4");
    for (int number = 1; number <= 3; ++number)
      BOOST_TEST(world.server.answer(number) == waits);
    BOOST_TEST(told == (waits ? "" : "2"));
    world.loop.run_ready();
    BOOST_TEST(awaited == "1");
    BOOST_TEST(told == "2");
    BOOST_TEST(text(future.get()) == "3");
    BOOST_TEST(routine.done());
    BOOST_TEST(world.server.begun() == 4);
  }
}

BOOST_AUTO_TEST_CASE(a_call_that_is_consumed_twice_ends_with_bad_argument) {
  World world;
  for (const int first : {0, 1, 2, 3, 4}) {
    auto call = world.server.at_hand(1);
    std::string noted;
    if (first == 0) BOOST_TEST(text(std::move(call).wait()) == "1");
    if (first == 1) (void)note_call(call, noted);
    if (first == 2) std::move(call).start([&](Answer answer) { noted = text(answer); });
    if (first == 3) BOOST_TEST(text(std::move(call).future().get()) == "1");
    if (first == 4) BOOST_TEST(std::move(call).map([](Answer answer) { return answer.value(); }).wait() == 1);
    std::string again;
    BOOST_TEST(text(std::move(call).wait()) == "bad_argument");
    BOOST_TEST(text(std::move(call).future().get()) == "bad_argument");
    BOOST_TEST(std::move(call).map([](Answer answer) { return text(answer); }).wait() == "bad_argument");
    std::move(call).start([&](Answer answer) { again += text(answer); });
    (void)note_call(call, again);
    BOOST_TEST(again == "bad_argumentbad_argument");
  }
  BOOST_TEST(world.server.begun() == 5);
}

BOOST_AUTO_TEST_CASE(the_second_to_await_a_call_does_not_disturb_the_first) {
  World world;
  auto call = world.server.later(1);
  std::string first, second;
  const auto one = note_call(call, first);
  const auto two = note_call(call, second);
  BOOST_TEST(second == "bad_argument");
  world.server.answer(1);
  world.loop.run_ready();
  BOOST_TEST(first == "1");
}

BOOST_AUTO_TEST_CASE(a_call_at_hand_allocates_nothing) {
  World world;
  auto routine = [](World& in) -> Routine {
    const FailingAllocations allocations(FailingAllocations::On::this_thread, FailingAllocations::all);
    const auto answer = co_await in.server.at_hand(1);
    const auto waited = in.server.at_hand(2).wait();
    BOOST_TEST(allocations.seen() == 0);
    BOOST_TEST(text(answer) == "1");
    BOOST_TEST(text(waited) == "2");
  }(world);
  BOOST_TEST(routine.done());
}

// Sanitizers have an `operator new` of their own that does not throw.
BOOST_AUTO_TEST_CASE(start_allocates_once) {
  if (sanitized) return;
  World world;
  const FailingAllocations allocations(FailingAllocations::On::this_thread, FailingAllocations::all);
  int sum = 0;
  world.server.at_hand(3).start([&](Answer answer) { sum += answer.value(); });
  BOOST_TEST(allocations.seen() == 1);
  BOOST_TEST(sum == 3);
}

BOOST_AUTO_TEST_CASE(without_memory_a_call_ends_with_no_memory) {
  if (sanitized) return;
  World world;
  std::string started, awaited;
  const auto fails = [&](const auto& act) {
    const FailingAllocations failures(FailingAllocations::On::this_thread, 0);
    act();
    BOOST_TEST(failures.reached());
  };
  fails([&] {
    world.server.at_hand(1).start(
        [&](const Answer& answer) { started = answer.ok() ? "ok" : to_string(answer.error().code()); });
  });
  BOOST_TEST(started == "no_memory");
  BOOST_TEST(world.server.begun() == 0);
  // A thread of its own has no resumption to use again.
  std::thread([&] {
    std::optional<Error> error;
    const auto await = [](World& in, std::optional<Error>& to, FailingAllocations::On threads) -> Routine {
      auto call = in.server.later(2);
      std::optional<FailingAllocations> failures;
      in.server.between = [&](int) { failures.emplace(threads, 0); };
      const auto answer = co_await std::move(call);
      failures.reset();
      to = answer.error();
    };
    const auto routine = await(world, error, FailingAllocations::On::this_thread);
    BOOST_REQUIRE(error.has_value());
    BOOST_TEST((error->code() == ErrorCode::no_memory && error->outcome() == Outcome::unknown));
  }).join();
  world.server.between = [](int) {};
  BOOST_TEST(world.server.under_way() == 0U);
}

BOOST_AUTO_TEST_CASE(a_stop_before_the_call_is_not_made_at_all) {
  World world;
  std::stop_source stop;
  stop.request_stop();
  const auto answer = world.server.later(1, {.stop = stop.get_token()}).wait();
  BOOST_TEST((answer.error().code() == ErrorCode::closed && answer.error().outcome() == Outcome::not_done));
  BOOST_TEST(world.server.begun() == 0);
}

BOOST_AUTO_TEST_CASE(a_stop_ends_the_call_and_returns_before_the_caller_goes_on) {
  World world;
  std::stop_source stop;
  std::string noted;
  const auto routine = note_later(world, 1, noted, {.stop = stop.get_token()});
  BOOST_TEST(stop.request_stop());
  BOOST_TEST(noted == "");
  world.loop.run_ready();
  BOOST_TEST(noted == "closed");
  BOOST_TEST(!world.server.answer(1));
}

// g++ 12 destroys copies of them that it has never made; AddressSanitizer sees what that would do.
BOOST_AUTO_TEST_CASE(options_that_are_made_within_an_await_keep_the_stop_whole) {
  World world;
  std::stop_source stop;
  std::string noted;
  const auto routine = [](World& in, std::stop_source& with, std::string& to) -> Routine {
    for (int round = 0; round < 10; ++round) {
      const auto answer = co_await in.server.at_hand(1, {.patience = 1h, .stop = with.get_token()});
      to += text(answer);
    }
    const auto last = co_await in.server.later(2, {.stop = with.get_token()});
    to += text(last);
  }(world, stop, noted);
  BOOST_TEST(stop.request_stop());
  world.loop.run_ready();
  BOOST_TEST(noted == "1111111111closed");
}

BOOST_AUTO_TEST_CASE(a_stop_after_the_end_changes_nothing) {
  World world;
  std::stop_source stop;
  std::string noted;
  const auto routine = note_later(world, 1, noted, {.stop = stop.get_token()});
  world.server.answer(1);
  stop.request_stop();
  world.loop.run_ready();
  BOOST_TEST(noted == "1");
}

BOOST_AUTO_TEST_CASE(patience_ends_the_call_when_it_is_over) {
  World world;
  std::string noted;
  const auto routine = note_later(world, 1, noted, {.patience = 50ms});
  world.clock->advance(49ms);
  world.loop.run_ready();
  BOOST_TEST(noted == "");
  world.clock->advance(5ms);
  world.loop.run_ready();
  world.loop.run_ready();
  BOOST_TEST(noted == "timeout");
}

BOOST_AUTO_TEST_CASE(the_caller_goes_on_by_its_executor) {
  World world;
  ManualExecutor executor;
  std::string noted, told, at_hand;
  const auto routine = note_later(world, 1, noted, {.executor = &executor});
  world.server.later(2, {.executor = &executor}).start([&](Answer answer) { told = text(answer); });
  world.server.at_hand(3, {.executor = &executor}).start([&](Answer answer) { at_hand = text(answer); });
  world.server.answer(1);
  world.server.answer(2);
  world.loop.run_ready();
  BOOST_TEST(noted + told + at_hand == "");
  BOOST_TEST(executor.run() == 3);
  BOOST_TEST(noted + told + at_hand == "123");
  // A future, and a thread that waits, are not in need of it.
  auto future = world.server.later(4, {.executor = &executor}).future();
  world.server.answer(4);
  world.loop.run_ready();
  BOOST_TEST(text(future.get()) == "4");
}

BOOST_AUTO_TEST_CASE(a_coroutine_that_is_destroyed_while_it_waits_cancels_its_call) {
  World world;
  std::string noted;
  {
    const auto routine = note_later(world, 1, noted);
    BOOST_TEST(world.server.under_way() == 1U);
  }
  BOOST_TEST(world.server.under_way() == 0U);
  BOOST_TEST(!world.server.answer(1));
  world.loop.run_ready();
  BOOST_TEST(noted == "");
}

BOOST_AUTO_TEST_CASE(a_coroutine_may_be_destroyed_when_its_result_is_on_the_way) {
  World world;
  std::string noted;
  {
    const auto routine = note_later(world, 1, noted);
    world.server.answer(1);
  }
  BOOST_TEST(world.loop.statistics().waiting == 1U);
  world.loop.run_ready();
  BOOST_TEST(noted == "");
}

BOOST_AUTO_TEST_CASE(map_gives_what_its_function_makes_of_the_result) {
  World world;
  const auto doubled = [](Answer answer) { return answer.ok() ? answer.value() * 2 : -1; };
  BOOST_TEST(world.server.at_hand(4).map(doubled).wait() == 8);
  auto moved = std::make_unique<int>(5);
  const auto text_of = world.server.at_hand(4).map(doubled).map(
      [moved = std::move(moved)](int number) { return std::to_string(number + *moved); });
  auto future = world.server.later(7).map(doubled).future();
  world.server.answer(7);
  world.loop.run_ready();
  BOOST_TEST(future.get() == 14);
  std::stop_source stop;
  stop.request_stop();
  BOOST_TEST(world.server.at_hand(1, {.stop = stop.get_token()}).map(doubled).wait() == -1);
}

BOOST_AUTO_TEST_CASE(what_the_function_of_map_throws_reaches_the_caller) {
  World world;
  const auto bad = [](const Answer&) -> int { throw std::runtime_error("bad"); };
  BOOST_CHECK_THROW((void)world.server.at_hand(1).map(bad).wait(), std::runtime_error);
  auto future = world.server.at_hand(1).map(bad).future();
  BOOST_CHECK_THROW(future.get(), std::runtime_error);
  bool caught = false;
  auto routine = [](World& in, auto function, bool& to) -> Routine {
    auto call = in.server.later(2).map(function);
    try {
      (void)co_await std::move(call);
    } catch (const std::runtime_error&) {
      to = true;
    }
  }(world, bad, caught);
  world.server.answer(2);
  world.loop.run_ready();
  BOOST_TEST(caught);
}

BOOST_AUTO_TEST_CASE(results_that_cannot_be_errors_say_no) {
  BOOST_TEST(!detail::result_of_failure<bool>(Error(ErrorCode::closed)));
  BOOST_TEST(!detail::result_of_failure<std::optional<Value>>(Error(ErrorCode::closed)).has_value());
  BOOST_TEST(detail::result_of_failure<Lookup>(Error(ErrorCode::closed)).failed());
}

BOOST_AUTO_TEST_CASE(a_function_that_makes_the_next_call_runs_behind_and_not_within) {
  World world;
  std::string order;
  world.server.at_hand(1).start([&](Answer) {
    world.server.at_hand(2).start([&](Answer) { order += "inner"; });
    order += "outer ";
  });
  BOOST_TEST(order == "outer inner");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(async_wait)

BOOST_AUTO_TEST_CASE(wait_runs_the_loop_that_nobody_else_runs) {
  World world;
  WorkOf answer([&] { world.server.answer(1); });
  world.loop.execute(answer);
  BOOST_TEST(text(world.server.later(1).wait()) == "1");
}

BOOST_AUTO_TEST_CASE(wait_within_a_callback_of_the_loop_makes_progress) {
  World world;
  std::string noted;
  WorkOf answer([&] { world.server.answer(2); });
  world.server.later(1).start([&](Answer) {
    world.loop.execute(answer);
    noted = text(world.server.later(2).wait());
  });
  world.server.answer(1);
  world.loop.run_ready();
  BOOST_TEST(noted == "2");
}

BOOST_AUTO_TEST_CASE(several_threads_wait_on_one_loop) {
  EventLoop loop;
  ScriptedServer server(loop);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread)
    threads.emplace_back([&, thread] {
      for (int number = thread * 1000; number < thread * 1000 + 100; ++number) {
        std::atomic<bool> ran{false};
        WorkOf answer([&] {
          server.answer(number);
          ran = true;
        });
        loop.execute(answer);
        // It ends by the answer, or by its patience when the answer has come too early.
        const auto answered = server.later(number, {.patience = 1ms}).wait();
        if (!answered.ok() && answered.error().code() != ErrorCode::timeout) wrong.fetch_add(1);
        while (!ran)
          loop.run_ready();
      }
    });
  for (auto& each : threads)
    each.join();
  BOOST_TEST(wrong == 0);
  BOOST_TEST(server.under_way() == 0U);
}

BOOST_AUTO_TEST_CASE(wait_on_a_loop_that_is_stopped_waits_for_the_end_all_the_same) {
  EventLoop loop;
  ScriptedServer server(loop);
  loop.stop();
  std::thread thread([&] {
    while (!server.answer(1))
      std::this_thread::yield();
  });
  BOOST_TEST(text(server.later(1).wait()) == "1");
  thread.join();
}

BOOST_AUTO_TEST_SUITE_END()
