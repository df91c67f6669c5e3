#include "redis/channel/parking_lot.hpp"

#include <atomic>
#include <chrono>
#include <thread>

#include <boost/test/unit_test.hpp>

using namespace cachesite::redis;
using namespace std::chrono_literals;

namespace {

TimePoint in_a_minute() {
  return SteadyTime::now() + 1min;
}

// Sleeps as a caller does, until it is told to go.
class Sleeper {
 public:
  Sleeper(ParkingLot& parking_lot, std::uint32_t group)
      : thread_([this, &parking_lot, group] {
          while (true) {
            const auto epoch = parking_lot.epoch();
            if (told_) break;
            parking_lot.sleep(epoch, group, in_a_minute());
          }
          awake_ = true;
        }) {}
  ~Sleeper() { thread_.join(); }
  Sleeper(const Sleeper&) = delete;
  Sleeper& operator=(const Sleeper&) = delete;

  void tell() { told_ = true; }
  [[nodiscard]] bool awake() const { return awake_; }
  void await() const {
    while (!awake_)
      std::this_thread::yield();
  }

 private:
  std::atomic<bool> told_{false};
  std::atomic<bool> awake_{false};
  std::thread thread_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(parking_lot)

BOOST_AUTO_TEST_CASE(one_wake_ends_the_sleep_of_several_groups_and_of_all_who_share_one) {
  ParkingLot lot;
  Sleeper first(lot, 1);
  Sleeper second(lot, 2);
  Sleeper shares(lot, 2);
  first.tell();
  second.tell();
  shares.tell();
  lot.wake(3);
  first.await();
  second.await();
  shares.await();
}

BOOST_AUTO_TEST_CASE(who_is_not_meant_sleeps_on) {
  ParkingLot lot;
  Sleeper meant(lot, 1);
  Sleeper other(lot, 2);
  meant.tell();
  lot.wake(1);
  meant.await();
  BOOST_TEST(!other.awake());
  other.tell();
  lot.wake(2);
}

BOOST_AUTO_TEST_CASE(a_wake_between_the_look_and_the_sleep_is_not_missed) {
  ParkingLot lot;
  const auto epoch = lot.epoch();
  lot.wake(1);
  const auto begin = SteadyTime::now();
  lot.sleep(epoch, 1, in_a_minute());
  lot.sleep(epoch, 2, in_a_minute());
  BOOST_TEST((SteadyTime::now() - begin < 30s));
}

BOOST_AUTO_TEST_CASE(a_sleep_ends_at_its_deadline_and_at_once_when_that_has_passed) {
  ParkingLot lot;
  const auto deadline = SteadyTime::now() + 5ms;
  while (SteadyTime::now() < deadline)
    lot.sleep(lot.epoch(), 1, deadline);
  lot.sleep(lot.epoch(), 1, TimePoint{});
  lot.sleep(lot.epoch(), 1, deadline - 1h);
}

BOOST_AUTO_TEST_SUITE_END()
