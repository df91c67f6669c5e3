#include "redis/transport/throttled_transport.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::redis;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t piece = 64 * 1024;

/// Moves one piece at each transfer, in the time that is said.
class SteadyTransport final : public Transport {
 public:
  SteadyTransport(TimePoint& clock, const std::chrono::nanoseconds& transfer_takes)
      : clock_(clock), transfer_takes_(transfer_takes) {}

  Transfer receive(std::span<const iovec>, Patience) override { return transfer(); }
  Transfer send(std::span<const iovec>) override { return transfer(); }
  Waiting wait(bool, TimePoint) override { return Waiting::ready; }
  [[nodiscard]] bool wants_to_send() const noexcept override { return true; }
  void shut_down() noexcept override {}
  [[nodiscard]] std::string problem() const override { return "no route"; }

 private:
  Transfer transfer() {
    clock_ += transfer_takes_;
    return {Status::ok, piece};
  }

  TimePoint& clock_;
  const std::chrono::nanoseconds& transfer_takes_;
};

struct ThrottledFixture {
  /// As a channel does it: a pause after each part. Returns how long the pauses were.
  std::chrono::nanoseconds receive(std::size_t size, TimePoint deadline) {
    const auto before = paused;
    transport.send({});
    for (std::size_t moved = 0; moved < size; moved += piece) {
      transport.receive({}, Transport::Patience::none);
      transport.pause(deadline);
    }
    return paused - before;
  }
  std::chrono::nanoseconds receive(std::size_t size) { return receive(size, clock + 1h); }
  std::chrono::nanoseconds send(std::size_t size) {
    const auto before = paused;
    for (std::size_t moved = 0; moved < size; moved += piece) {
      transport.pause(clock + 1h);
      transport.send({});
    }
    transport.receive({}, Transport::Patience::none);
    return paused - before;
  }

  TimePoint clock{1h};
  std::chrono::nanoseconds transfer_takes = 40us;
  std::chrono::nanoseconds paused{0};
  double others_for_each = 7;
  ThrottledTransport transport{std::make_unique<SteadyTransport>(clock, transfer_takes),
                               [this] { return others_for_each; },
                               500ms,
                               {[this] { return clock; },
                                [this](std::chrono::nanoseconds length) {
                                  BOOST_TEST((length > 0ns && length <= 5ms));
                                  clock += length;
                                  paused += length;
                                }}};
};

constexpr std::size_t large = 1600 * piece;  // 64 ms of work

}  // namespace

BOOST_FIXTURE_TEST_SUITE(throttled_transports, ThrottledFixture)

BOOST_AUTO_TEST_CASE(pause_for_a_multiple_of_their_work_when_many_others_wait) {
  const auto length = receive(large);
  BOOST_TEST((length > 245ms && length < 260ms));
}

BOOST_AUTO_TEST_CASE(pause_before_they_send_as_well) {
  const auto length = send(large);
  BOOST_TEST((length > 245ms && length < 260ms));
}

BOOST_AUTO_TEST_CASE(pause_by_how_many_others_wait) {
  others_for_each = 0.5;
  const auto length = receive(large);
  BOOST_TEST((length > 28ms && length < 33ms));
}

BOOST_AUTO_TEST_CASE(do_not_pause_when_nobody_else_waits) {
  others_for_each = 0;
  BOOST_TEST((receive(large) == 0ns));
}

BOOST_AUTO_TEST_CASE(do_not_pause_for_a_large_request_now_and_then) {
  for (int count = 0; count < 100; ++count) {
    BOOST_TEST((receive(4 * piece) == 0ns));
    clock += 1ms;
  }
  BOOST_TEST((receive(large) > 200ms));
}

BOOST_AUTO_TEST_CASE(do_not_count_the_time_that_a_slow_network_takes) {
  transfer_takes = 4ms;
  BOOST_TEST((receive(large) == 0ns));
}

BOOST_AUTO_TEST_CASE(do_not_pause_when_little_is_left_until_the_deadline) {
  const auto deadline = clock + 600ms;
  BOOST_TEST((receive(large * 10, deadline) > 60ms));
  BOOST_TEST((paused <= 100ms));
  clock = deadline;
  BOOST_TEST((receive(large, deadline) == 0ns));
}

BOOST_AUTO_TEST_CASE(owe_little_for_what_went_on_without_a_pause) {
  receive(large * 10, clock);
  BOOST_TEST((paused == 0ns));
  BOOST_TEST((receive(piece) == 5ms));
  while (receive(piece) != 0ns) {
  }
  BOOST_TEST((paused < 25ms));
}

BOOST_AUTO_TEST_CASE(owe_nothing_once_nobody_else_waits) {
  receive(large, clock);
  others_for_each = 0;
  BOOST_TEST((receive(piece) == 0ns));
  others_for_each = 7;
  BOOST_TEST((receive(piece) == 0ns));
}

BOOST_AUTO_TEST_CASE(pause_only_where_they_are_asked_to) {
  receive(large, clock);
  const auto before = paused;
  transport.send({});
  transport.receive({}, Transport::Patience::none);
  BOOST_TEST((paused == before));
}

BOOST_AUTO_TEST_CASE(say_how_long_they_would_pause_and_count_that_time_as_no_work) {
  receive(large, clock);
  const auto length = transport.pause_length(clock + 1h);
  BOOST_TEST((length == 5ms));
  clock += length - transfer_takes;
  transport.receive({}, Transport::Patience::none);
  clock += 15ms + transfer_takes;
  BOOST_TEST((transport.pause_length(clock + 1h) == 0ns));
  BOOST_TEST((paused == 0ns));
}

BOOST_AUTO_TEST_CASE(say_what_the_connection_below_them_says) {
  BOOST_TEST(transport.problem() == "no route");
  BOOST_TEST((transport.problem_code() == ErrorCode::unreachable));
  BOOST_TEST((transport.wait(false, clock) == Transport::Waiting::ready));
  BOOST_TEST(transport.wants_to_send());
}

BOOST_AUTO_TEST_SUITE_END()
