#include "redis/channel/channel_work.hpp"
#include "support/wait_until.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <memory>
#include <optional>
#include <semaphore>
#include <thread>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::redis;
using namespace std::chrono_literals;

namespace {

/// Real threads, whose turns take as long as a test says.
struct CountingThreads {
  using Mutex = std::mutex;
  using Condition = std::condition_variable;
  using ParkingLot = redis::ParkingLot;
  static TimePoint now() noexcept {
    return (stands_still ? TimePoint() : SteadyTime::now()) + std::chrono::milliseconds(passed);
  }
  static void yield() noexcept {
    passed += turn;
    ++yields;
  }
  static inline std::atomic<bool> stands_still{false};  // but for the turns that a test makes
  static inline std::atomic<std::int64_t> passed{0};    // milliseconds
  static inline std::atomic<std::int64_t> turn{0};
  static inline std::atomic<int> yields{0};
};

/// Answers one request each time the test says so.
class SlowTransport final : public Transport {
 public:
  Transfer receive(std::span<const iovec> places, Patience) override {
    if (!answer_) return {Status::again};
    answer_ = false;
    constexpr std::string_view text = "+OK\r\n";
    std::memcpy(places[0].iov_base, text.data(), text.size());
    return {Status::ok, text.size()};
  }
  Transfer send(std::span<const iovec> pieces) override {
    std::size_t count = 0;
    for (const auto& piece : pieces)
      count += piece.iov_len;
    return {Status::ok, count};
  }
  Waiting wait(bool, TimePoint deadline) override {
    waits = true;
    if (!answers.try_acquire_for(deadline - CountingThreads::now())) return Waiting::timed_out;
    answer_ = true;
    return Waiting::ready;
  }
  void shut_down() noexcept override { answers.release(); }
  [[nodiscard]] std::string problem() const override { return {}; }

  std::counting_semaphore<> answers{0};
  std::atomic<bool> waits{false};

 private:
  bool answer_ = false;
};

struct Fixture {
  static ChannelLimits limits() {
    ChannelLimits limits;
    limits.stall = 50ms;
    return limits;
  }
  Fixture() {
    CountingThreads::yields = 0;
    auto owned = std::make_unique<SlowTransport>();
    transport = owned.get();
    channel.open(std::move(owned));
  }

  void call(std::chrono::milliseconds patience = 1min) {
    const std::array<Argument, 1> words{{{"PING"}}};
    Reply reply;
    std::optional<Error> loss;
    const auto now = CountingThreads::now();
    answered += channel.call({words, static_cast<ReplyKinds>(ReplyKind::status), true}, reply, now,
                             now + patience, loss) == Ending::answered;
  }
  // Returns how often the one that waited for the other let others go first.
  int yields_of_a_follower(int awaited) {
    CountingThreads::stands_still = true;
    CountingThreads::yields = 0;
    transport->waits = false;
    std::thread leader([this] { call(); });
    while (!transport->waits)
      std::this_thread::yield();
    std::thread follower([this] { call(); });
    while (channel.load() < 2 || CountingThreads::yields < awaited)
      std::this_thread::yield();
    transport->answers.release(2);
    leader.join();
    follower.join();
    CountingThreads::stands_still = false;
    return CountingThreads::yields;
  }

  /// A call on a thread of its own. Returns when its request waits behind so many others.
  std::thread join(std::size_t others, std::chrono::milliseconds patience = 1min) {
    std::thread caller([this, patience] { call(patience); });
    while (channel.load() <= others || (others == 0 && !transport->waits))
      std::this_thread::yield();
    return caller;
  }
  bool is_answered(int calls) {
    return test::wait_until([&] { return answered == calls; });
  }

  BasicChannel<CountingThreads> channel{limits(), [](const Error&) {}};
  SlowTransport* transport;
  std::atomic<int> answered{0};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(channel_yields, Fixture)

BOOST_AUTO_TEST_CASE(who_waits_lets_others_go_first_a_few_times_and_then_sleeps) {
  CountingThreads::turn = 0;
  BOOST_TEST(yields_of_a_follower(8) == 8);
  BOOST_TEST(answered == 2);
}

BOOST_AUTO_TEST_CASE(where_others_take_long_turns_only_few_of_those_who_wait_yield) {
  CountingThreads::turn = 2;
  BOOST_TEST(yields_of_a_follower(1) == 1);
  int sleepers = 0;
  while (sleepers < 1000 && yields_of_a_follower(0) == 0)
    ++sleepers;
  BOOST_TEST(sleepers == 255);
}

BOOST_AUTO_TEST_CASE(a_rare_long_turn_changes_nothing) {
  CountingThreads::turn = 0;
  for (int wait = 0; wait < 300; ++wait)
    yields_of_a_follower(8);
  CountingThreads::turn = 2;
  BOOST_TEST(yields_of_a_follower(1) == 1);
  CountingThreads::turn = 0;
  BOOST_TEST(yields_of_a_follower(8) == 8);
}

BOOST_AUTO_TEST_CASE(who_has_his_answer_does_not_wait_for_the_answers_of_others) {
  CountingThreads::turn = 0;
  std::thread first = join(0);
  std::thread second = join(1);
  std::thread third = join(2);
  transport->answers.release();
  first.join();
  // The second has sent both requests, and its answer comes long before the other.
  transport->answers.release();
  BOOST_TEST(is_answered(2));
  second.join();
  BOOST_TEST(channel.load() == 1u);
  transport->answers.release();
  BOOST_TEST(is_answered(3));
  third.join();
}

BOOST_AUTO_TEST_CASE(who_has_little_patience_does_not_end_the_calls_of_others) {
  CountingThreads::turn = 0;
  std::thread hasty = join(0, 200ms);
  std::thread patient = join(1);
  hasty.join();
  BOOST_TEST(answered == 0);
  BOOST_TEST(channel.is_open());
  transport->answers.release(2);
  BOOST_TEST(is_answered(1));
  patient.join();
  BOOST_TEST(channel.is_open());
}

// However many come later: a connection that is dead in silence would never be noticed under steady calls.
BOOST_AUTO_TEST_CASE(a_connection_that_is_silent_for_as_long_as_anybody_waits_is_given_up_for_all) {
  CountingThreads::turn = 0;
  const auto begin = CountingThreads::now();
  std::thread first = join(0, 300ms);
  BOOST_REQUIRE(test::wait_until([&] { return CountingThreads::now() - begin >= 150ms; }));
  std::thread second = join(1, 300ms);
  first.join();
  BOOST_TEST(!channel.is_open());
  second.join();
  BOOST_TEST(answered == 0);
}

BOOST_AUTO_TEST_SUITE_END()
