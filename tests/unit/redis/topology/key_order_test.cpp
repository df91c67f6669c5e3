// The order of changes to one key: by hand, and in schedules of calls that go to several servers and come back.

#include "redis/topology/key_order.hpp"

#include "unit/redis/seeded_schedules.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite::redis;
using namespace cachesite::test;

namespace {

const std::array<int, 6> servers{};

KeyOrder::Place at(std::size_t server, std::uint64_t connection = 1) {
  return {&servers[server], connection};
}

struct Change : Waiter {
  KeyOrder::Entry entry{*this};
};

struct Line {
  Line() {
    for (auto& change : changes)
      order.join(change.entry, 7);
  }
  ~Line() {
    for (auto& change : changes)
      if (!change.entry.is_out()) (void)order.leave(change.entry);
  }
  std::vector<long> places(const Waiter* first) const {
    std::vector<long> places;
    for (; first != nullptr; first = first->next)
      places.push_back(static_cast<const Change*>(first) - changes.data());
    return places;
  }
  bool may_go(std::size_t change, KeyOrder::Place place) {
    return order.may_go(changes[change].entry, place);
  }
  std::vector<long> sent(std::size_t change, KeyOrder::Place place) {
    return places(order.sent(changes[change].entry, place));
  }
  std::vector<long> leave(std::size_t change) { return places(order.leave(changes[change].entry)); }

  std::array<Change, 4> changes{};
  KeyOrder order;
};

using Places = std::vector<long>;

}  // namespace

BOOST_AUTO_TEST_SUITE(key_order)

BOOST_FIXTURE_TEST_CASE(changes_follow_each_other_to_one_server, Line) {
  for (std::size_t change = 0; change < 4; ++change) {
    BOOST_TEST(may_go(change, at(0)));
    BOOST_TEST((sent(change, at(0)) == Places{}));
  }
  BOOST_TEST(order.may_pass(7, at(0)));
  BOOST_TEST(!order.may_pass(7, at(1)));
  BOOST_TEST(order.may_pass(8, at(1)));
}

BOOST_FIXTURE_TEST_CASE(who_comes_first_is_awaited, Line) {
  BOOST_TEST(!may_go(1, at(0)));
  BOOST_TEST(!may_go(2, at(0)));
  BOOST_TEST(!may_go(3, at(0)));
  BOOST_TEST(!order.may_pass(7, at(0)));
  BOOST_TEST(may_go(0, at(0)));
  BOOST_TEST((sent(0, at(0)) == Places{1, 2, 3}));
  BOOST_TEST(!may_go(2, at(0)));  // told before the first of them has gone
  BOOST_TEST(may_go(1, at(0)));
  BOOST_TEST((sent(1, at(0)) == Places{2}));
}

BOOST_FIXTURE_TEST_CASE(another_server_is_awaited_until_all_before_have_ended, Line) {
  BOOST_REQUIRE(may_go(0, at(0)));
  BOOST_TEST((sent(0, at(0)) == Places{}));
  BOOST_REQUIRE(may_go(1, at(0)));
  BOOST_TEST((sent(1, at(0)) == Places{}));
  BOOST_TEST(!may_go(2, at(1)));
  BOOST_TEST((leave(0) == Places{}));
  BOOST_TEST((leave(1) == Places{2}));
  BOOST_TEST(may_go(2, at(1)));
}

BOOST_FIXTURE_TEST_CASE(who_comes_back_goes_before_those_after_it, Line) {
  for (std::size_t change = 0; change < 3; ++change)
    BOOST_TEST((may_go(change, at(0)) && sent(change, at(0)).empty()));
  order.came_back(changes[0].entry);
  BOOST_TEST(!may_go(3, at(1)));
  BOOST_TEST(may_go(0, at(1)));
  BOOST_TEST((sent(0, at(1)) == Places{}));  // 1 and 2 are still elsewhere
  order.came_back(changes[2].entry);
  BOOST_TEST(!may_go(2, at(1)));
  order.came_back(changes[1].entry);
  BOOST_TEST(may_go(1, at(1)));
  BOOST_TEST((sent(1, at(1)) == Places{2, 3}));
}

BOOST_FIXTURE_TEST_CASE(another_connection_is_another_place, Line) {
  BOOST_REQUIRE(may_go(0, at(0, 1)));
  BOOST_TEST((sent(0, at(0, 1)) == Places{}));
  BOOST_TEST(!may_go(1, at(0, 2)));
  BOOST_TEST((leave(0) == Places{1}));
  BOOST_REQUIRE(may_go(1, at(0, 0)));  // to a server without a connection goes one
  BOOST_TEST((sent(1, at(0, 0)) == Places{}));
  BOOST_TEST(!may_go(2, at(0, 0)));
}

BOOST_FIXTURE_TEST_CASE(who_withdraws_is_not_told_and_nobody_waits_for_it, Line) {
  BOOST_TEST(!may_go(1, at(0)));
  BOOST_TEST(!may_go(2, at(0)));
  BOOST_TEST(order.withdraw(changes[1].entry));
  BOOST_TEST(!order.withdraw(changes[1].entry));
  BOOST_TEST((leave(1) == Places{}));
  BOOST_TEST((leave(0) == Places{2}));
  BOOST_TEST(!order.withdraw(changes[2].entry));
}

namespace {

/// Calls of one key, which belongs to one server after the other. A call goes to the present one or to the one before
/// it, which sends it back.
class OrderSchedule {
 public:
  explicit OrderSchedule(std::uint64_t seed) : dice_(seed) {}

  std::string run() {
    const auto count = static_cast<std::size_t>(dice_.between(2, 14));
    for (std::size_t number = 0; number < count; ++number)
      time_.at(dice_.between(0, 300), [this] { begin(); });
    for (auto moves = dice_.between(0, 5); moves > 0; --moves)
      time_.at(dice_.between(0, 400), [this] { ++owner_; });
    if (!time_.run(100'000)) return "it does not come to an end";
    for (const auto& call : calls_)
      if (call.phase != Phase::ended) fail("a call did not end");
    if (!std::is_sorted(done_.begin(), done_.end())) fail("changes were made in another order");
    return problem_;
  }

 private:
  enum class Phase : std::uint8_t { deciding, waits, sent, ended };
  struct Call : Waiter {
    KeyOrder::Entry entry{*this};
    std::size_t number = 0;
    Phase phase = Phase::deciding;
    std::size_t server = 0;
    std::uint64_t attempt = 0;
  };

  void fail(const std::string& problem) {
    if (problem_.empty()) problem_ = problem;
  }
  void begin() {
    auto& call = calls_.emplace_back();
    call.number = calls_.size();
    order_.join(call.entry, 1);
    if (dice_.chance(15)) time_.after(dice_.between(1, 100), [this, &call] { cancel(call); });
    decide(call);
  }
  void decide(Call& call) {
    if (call.phase == Phase::ended) return;
    call.phase = Phase::deciding;
    if (dice_.chance(30)) return time_.after(dice_.between(1, 60), [this, &call] { go(call); });
    go(call);
  }
  void go(Call& call) {
    if (call.phase != Phase::deciding) return;
    call.server = owner_ != 0 && dice_.chance(30) ? owner_ - 1 : owner_;
    if (!order_.may_go(call.entry, at(call.server))) {
      call.phase = Phase::waits;
      return;
    }
    call.phase = Phase::sent;
    const auto attempt = ++call.attempt;
    auto& last = last_at_[call.server];
    last = std::max(last + 1, time_.now() + dice_.between(1, 40));
    time_.at(last, [this, &call, attempt] { arrive(call, attempt); });
    tell(order_.sent(call.entry, at(call.server)));
  }
  // The server has it, and says later what became of it.
  void arrive(Call& call, std::uint64_t attempt) {
    const bool does = call.server == owner_;
    if (does) done_.push_back(call.number);  // although its caller may have left
    const auto back = std::max(last_back_[call.server] + 1, time_.now() + dice_.between(1, 40));
    last_back_[call.server] = back;
    time_.at(back, [this, &call, attempt, does] {
      if (call.phase != Phase::sent || call.attempt != attempt) return;
      if (does) return end(call);
      order_.came_back(call.entry);
      decide(call);
    });
  }
  void end(Call& call) {
    call.phase = Phase::ended;
    tell(order_.leave(call.entry));
  }
  void cancel(Call& call) {
    if (call.phase == Phase::ended) return;
    if (call.phase == Phase::waits && !order_.withdraw(call.entry)) return;  // is about to be told
    end(call);
  }
  void tell(Waiter* first) {
    while (first != nullptr) {
      auto& call = static_cast<Call&>(*first);
      first = first->next;
      time_.after(dice_.between(0, 3), [this, &call] { decide(call); });
    }
  }

  Dice dice_;
  VirtualTime time_;
  KeyOrder order_;
  std::deque<Call> calls_;
  std::size_t owner_ = 0;
  std::array<std::int64_t, 6> last_at_{};
  std::array<std::int64_t, 6> last_back_{};
  std::vector<std::size_t> done_;
  std::string problem_;
};

}  // namespace

BOOST_AUTO_TEST_CASE(in_ten_thousand_schedules_no_change_overtakes_another) {
  run_seeds(10'000, [](std::uint64_t seed) { return OrderSchedule(seed).run(); });
}

BOOST_AUTO_TEST_SUITE_END()
