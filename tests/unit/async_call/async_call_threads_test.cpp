#include "scripted_server.hpp"
#include "unit/event_loop/parts.hpp"
#include "unit/redis/seeded_schedules.hpp"

#include <cachesite/event_loop.hpp>

#include <atomic>
#include <barrier>
#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

using Answer = ScriptedServer::Answer;

// One call after the other, which one thread answers and another stops while a third waits for it, and the loop
// has a thread of its own, which also destroys coroutines that wait.
class Threads {
 public:
  Threads() { loop_.start(); }
  ~Threads() {
    over_ = true;
    (void)begin_.arrive();
    answering_.join();
    stopping_.join();
    loop_.stop();
  }

  std::string play(std::uint64_t seed) {
    seed_ = seed;
    Dice dice(seed);
    stop_ = std::stop_source();
    CallOptions options;
    options.stop = stop_.get_token();
    if (dice.chance(20)) options.patience = std::chrono::milliseconds(dice.between(0, 2));
    ends_ = 0;
    ended_ = false;
    begin_.arrive_and_wait();
    spin(dice);
    switch (dice.below(4)) {
      case 0:
        ended(server_.later(number_, options).wait());
        break;
      case 1:
        ended(server_.later(number_, options).future().get());
        break;
      case 2:
        server_.later(number_, options).start([this](const Answer& answer) { ended(answer); });
        break;
      default:
        await_and_destroy(options, dice);
    }
    ended_.wait(false);
    end_.arrive_and_wait();
    if (server_.under_way() != 0) return "the call is still under way";
    return ends_ == 1 ? "" : "it ends " + std::to_string(ends_) + " times";
  }

 private:
  static void spin(Dice& dice) {
    for (auto turns = dice.between(0, 4); turns > 0; --turns)
      if (dice.chance(50)) std::this_thread::yield();
  }

  void await_and_destroy(const CallOptions& options, Dice& dice) {
    bool resumed = false;  // by the loop's thread, or by this one before it is the loop's affair
    auto routine = std::make_optional([](Threads& in, const CallOptions& with, bool& to) -> Routine {
      const auto answer = co_await in.server_.later(number_, with);
      to = true;
      in.ends_.fetch_add(1);
    }(*this, options, resumed));
    spin(dice);
    WorkOf destroy([&] {
      routine.reset();
      if (!resumed) ends_.fetch_add(1);
      end();
    });
    loop_.execute(destroy);
    ended_.wait(false);
  }
  void ended(const Answer&) {
    ends_.fetch_add(1);
    end();
  }
  void end() {
    ended_ = true;
    ended_.notify_all();
  }

  template <class Act>
  void repeat(std::uint64_t salt, const Act& act) {
    for (;;) {
      begin_.arrive_and_wait();
      if (over_) return;
      Dice dice(seed_ * 10 + salt);
      spin(dice);
      act(dice);
      end_.arrive_and_wait();
    }
  }

  static constexpr int number_ = 1;
  std::uint64_t seed_ = 0;
  std::stop_source stop_;
  std::atomic<int> ends_{0};
  std::atomic<bool> ended_{false}, over_{false};
  EventLoop loop_;
  ScriptedServer server_{loop_};
  std::barrier<> begin_{3}, end_{3};
  std::thread answering_{[this] {
    repeat(1, [this](Dice&) {
      while (!ended_ && !server_.answer(number_))
        std::this_thread::yield();
    });
  }};
  std::thread stopping_{[this] {
    repeat(2, [this](Dice& dice) {
      if (dice.chance(50)) stop_.request_stop();
    });
  }};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(async_call_threads)

BOOST_AUTO_TEST_CASE(each_call_ends_once_with_threads_that_answer_stop_and_destroy) {
  Threads threads;
  run_seeds(500, [&](std::uint64_t seed) { return threads.play(seed); });
}

BOOST_AUTO_TEST_SUITE_END()
