#include "parts.hpp"
#include "support/wait_until.hpp"
#include "unit/redis/seeded_schedules.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

// Threads that pass work to a loop, which other threads run, watch, enter and leave. The seed decides what
// each of them does; when, the machine does.
class Crowd {
 public:
  explicit Crowd(std::uint64_t seed) : seed_(seed), dice_(seed), watched_(dice_.chance(50)) {
    if (watched_) (void)loop_.descriptor();
  }

  std::string run() {
    const auto runners = dice_.between(watched_ ? 0 : 1, 3);
    std::stop_source over;
    std::vector<std::thread> threads;
    for (std::int64_t runner = 0; runner < runners; ++runner)
      threads.emplace_back([&, stays = runner == 0, random = next_dice()]() mutable {
        run_and_leave(random, over.get_token(), stays);
      });
    if (watched_) threads.emplace_back([&] { watch_from_outside(over.get_token()); });
    std::vector<std::thread> producers;
    for (auto producer = dice_.between(1, 3); producer > 0; --producer)
      producers.emplace_back([&, random = next_dice()]() mutable { produce(random); });
    for (auto& each : producers)
      each.join();
    const bool all = wait_until([&] { return ran_ == begun_; }, 20s);
    over.request_stop();
    for (auto& each : threads)
      each.join();
    return all ? "" : std::to_string(begun_ - ran_) + " pieces of work are left over";
  }

 private:
  Dice next_dice() { return Dice(seed_ * 100 + ++dices_); }

  // One of the runners stays, if nobody watches: else work may be left over rightly.
  void run_and_leave(Dice& dice, const std::stop_token& over, bool stays) {
    if (stays && !watched_) return loop_.run(over);
    for (auto times = dice.between(0, 5); times > 0; --times) {
      std::stop_source leave;
      begin([leave]() mutable { leave.request_stop(); });
      loop_.run(leave.get_token());
      pause(dice);
    }
  }
  void watch_from_outside(const std::stop_token& over) {
    while (!over.stop_requested())
      if (readable(loop_.descriptor(), 50)) loop_.run_ready();
  }
  void produce(Dice& dice) {
    for (auto count = dice.between(1, 20); count > 0; --count) {
      begin([this, again = dice.chance(30)] {
        if (again) begin([] {});
      });
      pause(dice);
    }
  }
  static void pause(Dice& dice) {
    for (auto turns = dice.between(0, 3); turns > 0; --turns)
      std::this_thread::yield();
  }

  void begin(std::function<void()> what) {
    WorkOf* work = nullptr;
    {
      const std::lock_guard lock(mutex_);
      work = &works_.emplace_back([this, what = std::move(what)] {
        what();
        ran_.fetch_add(1);
      });
    }
    begun_.fetch_add(1);
    loop_.execute(*work);
  }

  const std::uint64_t seed_;
  Dice dice_;
  const bool watched_;
  std::uint64_t dices_ = 0;
  std::mutex mutex_;
  std::deque<WorkOf> works_;
  std::atomic<int> begun_{0}, ran_{0};
  EventLoop loop_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(wake_up)

BOOST_AUTO_TEST_CASE(no_work_is_left_over_whoever_runs_the_loop) {
  run_seeds(200, [](std::uint64_t seed) { return Crowd(seed).run(); });
}

BOOST_AUTO_TEST_SUITE_END()
