#include "parts.hpp"
#include "support/fake_clock.hpp"
#include "support/wait_until.hpp"

#include <atomic>
#include <chrono>
#include <list>
#include <optional>
#include <set>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <sys/wait.h>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(event_loop)

BOOST_AUTO_TEST_CASE(work_runs_in_the_order_in_which_it_came) {
  EventLoop loop;
  std::string order;
  WorkOf a([&] { order += 'a'; }), b([&] { order += 'b'; }), c([&] { order += 'c'; });
  for (WorkOf* each : {&b, &a, &c})
    loop.execute(*each);
  BOOST_TEST(order == "");
  loop.run_ready();
  BOOST_TEST(order == "bac");
  loop.execute(a);
  loop.run_ready();
  BOOST_TEST(order == "baca");
}

BOOST_AUTO_TEST_CASE(what_comes_meanwhile_is_left_for_the_next_time) {
  EventLoop loop;
  int times = 0;
  std::optional<WorkOf> again;
  again.emplace([&] {
    ++times;
    loop.execute(*again);
  });
  loop.execute(*again);
  loop.run_ready();
  BOOST_TEST(times == 1);
  loop.run_ready();
  BOOST_TEST(times == 2);
  again->does = [] {};
  loop.run_ready();
}

BOOST_AUTO_TEST_CASE(run_ends_when_stop_is_requested) {
  EventLoop loop;
  std::stop_source before;
  before.request_stop();
  loop.run(before.get_token());
  std::stop_source during;
  std::thread thread([&] { loop.run(during.get_token()); });
  BOOST_TEST(wait_until([&] { return loop.statistics().threads == 1; }));
  during.request_stop();
  thread.join();
  BOOST_TEST(loop.statistics().threads == 0U);
  std::stop_source within;
  WorkOf end([&] { within.request_stop(); });
  loop.execute(end);
  loop.run(within.get_token());
}

BOOST_AUTO_TEST_CASE(a_stop_within_a_piece_of_work_leaves_the_others_for_the_next_run) {
  EventLoop loop;
  std::stop_source first;
  std::string order;
  WorkOf a([&] {
    order += 'a';
    first.request_stop();
  });
  WorkOf b([&] { order += 'b'; });
  for (WorkOf* each : {&a, &b})
    loop.execute(*each);
  loop.run(first.get_token());
  BOOST_TEST(order == "a");
  BOOST_TEST(loop.statistics().waiting == 1U);
  loop.run_ready();
  BOOST_TEST(order == "ab");
}

BOOST_AUTO_TEST_CASE(while_a_thread_is_busy_with_a_piece_of_work_another_runs_what_came_with_it) {
  EventLoop loop;
  std::atomic<bool> begun{false}, ran{false};
  WorkOf busy([&] {
    begun = true;
    await(ran);
  });
  WorkOf other([&] { ran = true; });
  for (WorkOf* each : {&busy, &other})
    loop.execute(*each);
  std::thread thread([&] { loop.run_ready(); });
  await(begun);
  loop.run_ready();
  thread.join();
}

BOOST_AUTO_TEST_CASE(work_from_another_thread_wakes_a_loop_that_waits) {
  EventLoop loop;
  std::stop_source stop;
  std::thread thread([&] { loop.run(stop.get_token()); });
  for (int round = 0; round < 100; ++round) {
    std::atomic<bool> ran{false};
    WorkOf work([&] { ran = true; });
    loop.execute(work);
    await(ran);
  }
  stop.request_stop();
  thread.join();
  BOOST_TEST(loop.statistics().works == 100U);
}

BOOST_AUTO_TEST_CASE(a_thread_that_runs_the_loop_within_a_piece_of_work_goes_on_with_the_others) {
  EventLoop loop;
  std::stop_source over;
  std::string order;
  WorkOf last([&] {
    order += "inner ";
    over.request_stop();
  });
  WorkOf first([&] {
    loop.run(over.get_token());
    order += "outer";
  });
  loop.execute(first);
  loop.execute(last);
  loop.run_ready();
  BOOST_TEST(order == "inner outer");
}

BOOST_AUTO_TEST_CASE(while_one_thread_is_busy_another_takes_over) {
  EventLoop loop({.threads = 2});
  loop.start();
  std::atomic<bool> go{false}, busy{false};
  WorkOf slow([&] {
    busy = true;
    await(go);
  });
  loop.execute(slow);
  BOOST_TEST(wait_until([&] { return busy.load(); }));
  for (int round = 0; round < 50; ++round) {
    std::atomic<bool> ran{false};
    WorkOf work([&] { ran = true; });
    loop.execute(work);
    await(ran);
  }
  go = true;
  loop.stop();
}

BOOST_AUTO_TEST_CASE(several_threads_share_what_there_is_to_do) {
  EventLoop loop({.threads = 4});
  std::atomic<int> inside{0};
  std::list<WorkOf> works;
  for (int index = 0; index < 4; ++index) {
    // Each ends once all four threads are in one.
    loop.execute(works.emplace_back([&] {
      inside.fetch_add(1);
      while (inside < 4)
        std::this_thread::yield();
    }));
  }
  loop.start();
  loop.stop();
  BOOST_TEST(inside == 4);
}

BOOST_AUTO_TEST_CASE(stop_runs_what_waits_and_what_that_brings) {
  EventLoop loop;
  int ran = 0;
  WorkOf second([&] { ++ran; });
  WorkOf first([&] {
    ++ran;
    loop.execute(second);
  });
  loop.execute(first);
  loop.start();
  loop.stop();
  BOOST_TEST(ran == 2);
  loop.execute(second);
  loop.run({});
  BOOST_TEST(ran == 3);
  loop.stop();
}

BOOST_AUTO_TEST_CASE(what_is_left_runs_when_the_loop_goes) {
  int ran = 0;
  WorkOf work([&] { ++ran; });
  {
    EventLoop loop;
    loop.execute(work);
  }
  BOOST_TEST(ran == 1);
}

BOOST_AUTO_TEST_CASE(the_last_owner_may_let_it_go_on_a_thread_of_its_own) {
  for (int round = 0; round < 20; ++round) {
    auto loop = std::make_shared<EventLoop>();
    loop->start();
    std::atomic<bool> over{false}, ran{false};
    WorkOf late([&] { ran = true; });
    EventLoop* const same = loop.get();
    WorkOf last([&] {
      await(over);
      same->execute(late);
      loop.reset();
    });
    loop->execute(last);
    over = true;
    await(ran);
  }
}

BOOST_AUTO_TEST_CASE(the_last_owner_may_let_it_go_within_run) {
  auto loop = std::make_shared<EventLoop>();
  WorkOf last([&] { loop.reset(); });
  loop->execute(last);
  loop->run_ready();
  loop = std::make_shared<EventLoop>();
  loop->execute(last);
  loop->run({});
  BOOST_TEST(loop == nullptr);
}

BOOST_AUTO_TEST_CASE(the_shared_loop_has_a_thread) {
  const auto loop = EventLoop::shared();
  BOOST_TEST(loop == EventLoop::shared());
  std::atomic<bool> ran{false};
  WorkOf work([&] { ran = true; });
  loop->execute(work);
  await(ran);
}

BOOST_AUTO_TEST_CASE(a_coroutine_that_yields_goes_on_behind_what_waits_already) {
  EventLoop loop;
  std::string order;
  WorkOf other([&] { order += "other "; });
  loop.execute(other);
  auto routine = [](EventLoop& of, std::string& to) -> Routine {
    to += "begin ";
    co_await of.yield();
    to += "end";
  }(loop, order);
  BOOST_TEST(order == "begin ");
  loop.run_ready();
  BOOST_TEST(order == "begin other end");
  BOOST_TEST(routine.done());
}

BOOST_AUTO_TEST_CASE(a_coroutine_may_be_destroyed_while_it_has_yielded) {
  EventLoop loop;
  {
    auto routine = [](EventLoop& of) -> Routine { co_await of.yield(); }(loop);
    BOOST_TEST(!routine.done());
  }
  BOOST_TEST(loop.statistics().waiting == 1U);
  loop.run_ready();
  BOOST_TEST(loop.statistics().waiting == 0U);
}

BOOST_AUTO_TEST_CASE(the_lag_is_how_long_the_loop_was_busy) {
  const auto clock = std::make_shared<FakeClock>();
  EventLoop loop({}, context_with(clock));
  WorkOf slow([&] { clock->advance(50ms); });
  WorkOf asks([&] { BOOST_TEST((loop.statistics().loop_lag == 50ms)); });
  loop.execute(slow);
  loop.execute(asks);
  loop.run_ready();
  BOOST_TEST((loop.statistics().loop_lag == 50ms));
  clock->advance(1h);
  loop.run_ready();
  BOOST_TEST((loop.statistics().loop_lag == 0ms));
  BOOST_TEST((loop.statistics().longest_loop_lag == 50ms));
  BOOST_TEST(loop.component_metrics().size() == 5U);
}

BOOST_AUTO_TEST_CASE(settings_out_of_range_are_refused) {
  BOOST_CHECK_THROW(EventLoop({.threads = 65}), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(a_forked_child_leaves_the_loop_alone) {
  auto loop = std::make_shared<EventLoop>();
  loop->start();
  const int descriptor = loop->descriptor();
  std::atomic<bool> of_parent{false};
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(60);
    bool ran = false;
    WorkOf work([&] { ran = true; });
    loop->execute(work);
    loop->run_ready();
    loop->run({});
    const bool left = !ran && loop->descriptor() == -1 && loop->statistics().turns == 0;
    loop->stop();
    loop.reset();
    ::_exit(left ? 0 : 1);
  }
  int status = -1;
  BOOST_TEST((::waitpid(child, &status, 0) == child && status == 0));
  WorkOf work([&] { of_parent = true; });
  loop->execute(work);
  await(of_parent);
  BOOST_TEST(loop->descriptor() == descriptor);
}

#ifndef __SANITIZE_THREAD__  // it allows no thread in the child of a process with threads
BOOST_AUTO_TEST_CASE(a_forked_child_has_a_shared_loop_of_its_own) {
  const auto of_parent = EventLoop::shared();
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(60);
    std::atomic<bool> ran{false};
    WorkOf work([&] { ran = true; });
    const auto loop = EventLoop::shared();
    loop->execute(work);
    await(ran);
    ::_exit(loop != of_parent ? 0 : 1);
  }
  int status = -1;
  BOOST_TEST((::waitpid(child, &status, 0) == child && status == 0));
}
#endif

BOOST_AUTO_TEST_SUITE_END()
