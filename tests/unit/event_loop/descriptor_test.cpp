#include "parts.hpp"
#include "support/file_descriptor.hpp"
#include "support/wait_until.hpp"
#include "unit/redis/seeded_schedules.hpp"

#include <chrono>
#include <ctime>
#include <list>
#include <string>

#include <boost/test/unit_test.hpp>
#include <sys/epoll.h>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

// Another event loop, which watches a loop by its descriptor.
class Observer {
 public:
  enum class By { poll, level, edge };

  Observer(EventLoop& loop, By by) : loop_(&loop), by_(by) {
    if (by == By::poll) return;
    set_ = FileDescriptor(::epoll_create1(EPOLL_CLOEXEC));
    epoll_event event{};
    event.events = EPOLLIN | (by == By::edge ? EPOLLET : 0U);
    ::epoll_ctl(set_.get(), EPOLL_CTL_ADD, loop.descriptor(), &event);
  }
  // One turn; false when nothing comes in time.
  bool turn(int milliseconds) {
    epoll_event event{};
    const bool told = by_ == By::poll ? readable(loop_->descriptor(), milliseconds)
                                      : ::epoll_wait(set_.get(), &event, 1, milliseconds) == 1;
    if (told) loop_->run_ready();
    return told;
  }

 private:
  EventLoop* loop_;
  By by_;
  FileDescriptor set_;
};

// Work, timers and sockets that become ready between the turns of an observer, and within.
class Script {
 public:
  Script(std::uint64_t seed, Observer::By by) : dice_(seed), observer_(loop_, by) {
    if (!reactor_.watch(sockets_.near(), watch_)) written_ = -1000;
    observer_.turn(0);
  }
  ~Script() { reactor_.unwatch(watch_); }

  std::string run() {
    for (int step = 0; step < 60; ++step)
      if (dice_.chance(30))
        observer_.turn(0);
      else
        act();
    while (ran_ < begun_ || read_ < written_)
      if (!observer_.turn(5000)) return "nobody is told of what there is to do";
    // Whoever is told for nothing settles soon.
    for (int turns = 0; observer_.turn(0); ++turns)
      if (turns == 5) return "the descriptor stays readable";
    return "";
  }

 private:
  void act() {
    if (dice_.chance(40)) {
      begin_work();
    } else if (dice_.chance(50)) {
      ++begun_;
      reactor_.arm(timers_.emplace_back([&] { went(); }),
                   reactor_.now() + std::chrono::microseconds(dice_.between(-1000, 3000)));
    } else {
      written_ += sockets_.far_writes() ? 1 : 0;
    }
  }
  void begin_work() {
    ++begun_;
    loop_.execute(works_.emplace_back([&] { went(); }));
  }
  void went() {
    ++ran_;
    if (begun_ < 200 && dice_.chance(40)) act();
  }

  Dice dice_;
  EventLoop loop_;
  cachesite::event_loop::IReactor& reactor_ = reactor_of(loop_);
  Observer observer_;
  const Sockets sockets_;
  int begun_ = 0, ran_ = 0, written_ = 0, read_ = 0;
  std::list<WorkOf> works_;
  std::list<TimerOf> timers_;
  WatchOf watch_{[this](std::uint32_t) { read_ += sockets_.read_all(); }};
};

void check(Observer::By by) {
  run_seeds(300, [&](std::uint64_t seed) { return Script(seed, by).run(); });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(descriptor)

BOOST_AUTO_TEST_CASE(a_loop_that_poll_watches_misses_no_turn) {
  check(Observer::By::poll);
}

BOOST_AUTO_TEST_CASE(a_loop_that_epoll_watches_misses_no_turn) {
  check(Observer::By::level);
}

BOOST_AUTO_TEST_CASE(a_loop_that_epoll_watches_for_edges_misses_no_turn) {
  check(Observer::By::edge);
}

BOOST_AUTO_TEST_CASE(what_waits_before_anybody_watches_is_told) {
  EventLoop loop;
  bool ran = false;
  WorkOf work([&] { ran = true; });
  loop.execute(work);
  BOOST_TEST(readable(loop.descriptor()));
  loop.run_ready();
  BOOST_TEST(ran);
  BOOST_TEST(!readable(loop.descriptor()));
}

BOOST_AUTO_TEST_CASE(a_deadline_makes_it_readable_when_it_comes) {
  EventLoop loop;
  auto& reactor = reactor_of(loop);
  bool expired = false;
  TimerOf timer([&] { expired = true; });
  TimerOf late([] {});
  reactor.arm(late, reactor.now() + 1h);
  const int descriptor = loop.descriptor();
  BOOST_TEST(!readable(descriptor));
  const auto begin = std::chrono::steady_clock::now();
  reactor.arm(timer, reactor.now() + 20ms);
  BOOST_TEST(!readable(descriptor));
  BOOST_TEST(readable(descriptor, 5000));
  loop.run_ready();
  BOOST_TEST(expired);
  BOOST_TEST((std::chrono::steady_clock::now() - begin >= 20ms));
  BOOST_TEST(!readable(descriptor));
  reactor.disarm(late);
}

BOOST_AUTO_TEST_CASE(a_loop_that_has_nothing_to_do_costs_nothing) {
  EventLoop loop({.threads = 2});
  loop.start();
  auto& reactor = reactor_of(loop);
  TimerOf late([] {});
  reactor.arm(late, reactor.now() + 1h);
  const Sockets sockets;
  WatchOf watch([](std::uint32_t) {});
  BOOST_TEST(reactor.watch(sockets.near(), watch));
  BOOST_TEST(sockets.far_writes());  // which nobody reads
  BOOST_TEST(wait_until([&] { return loop.statistics().events > 0 && !readable(loop.descriptor()); }));
  const auto turns = loop.statistics().turns;
  const auto before = std::clock();
  BOOST_TEST(!readable(loop.descriptor(), 200));
  BOOST_TEST(std::clock() - before < CLOCKS_PER_SEC / 20);
  BOOST_TEST(loop.statistics().turns <= turns + 2);
  reactor.unwatch(watch);
  reactor.disarm(late);
}

BOOST_AUTO_TEST_SUITE_END()
