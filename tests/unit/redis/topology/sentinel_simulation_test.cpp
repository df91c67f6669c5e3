// The search for the master against pretended sentinels in virtual time: what they say is late, lost,
// repeated and out of order, and masters change.

#include "redis/topology/master_pursuit.hpp"
#include "unit/redis/seeded_schedules.hpp"

#include <array>
#include <optional>
#include <string>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::redis;
using namespace cachesite::test;

BOOST_AUTO_TEST_SUITE(sentinel_simulation)

namespace {

constexpr std::size_t server_count = 3;
constexpr std::size_t sentinel_count = 3;
constexpr std::int64_t ms = 1000;
constexpr std::int64_t last_change = 3000 * ms;
constexpr std::int64_t the_end = last_change + 3000 * ms;

ServerAddress server(std::size_t index) {
  return {"server", static_cast<std::uint16_t>(index + 1), {}};
}
ServerAddress sentinel(std::size_t index) {
  return {"sentinel", static_cast<std::uint16_t>(index + 1), {}};
}
TimePoint point(std::int64_t time) {
  return TimePoint(std::chrono::hours(1)) + std::chrono::microseconds(time);
}

/// How many servers that are no master were asked, in all schedules together.
struct Tally {
  std::uint64_t switches = 0;
  std::uint64_t wrong = 0;

  void check(double most) const {
    const double each = static_cast<double>(wrong) / static_cast<double>(switches);
    BOOST_TEST_MESSAGE(each << " wrong servers are asked for each switch");
    if (switches >= 500) BOOST_TEST(each < most);
  }
};

class Simulation {
 public:
  Simulation(std::uint64_t seed, Tally& tally) : dice_(seed), tally_(tally) {}

  std::string run() {
    for (std::size_t index = 0; index < sentinel_count; ++index)
      time_.at(delay(), [this, index] { report(index); });
    for (auto changes = dice_.between(1, 4); changes > 0; --changes)
      time_.at(dice_.between(0, last_change), [this] { change_master(); });
    for (std::int64_t when = 0; when < the_end; when += 20 * ms)
      time_.at(when, [this] { use(); });
    if (!time_.run(100'000)) return "it does not come to an end";
    if (problem_.empty() && used() != master_) fail("the master in the end is not found");
    if (wrong_at_the_end_ > 3)
      fail(std::to_string(wrong_at_the_end_) + " wrong servers are asked in the end");
    return problem_;
  }

 private:
  void fail(const std::string& problem) {
    if (problem_.empty()) problem_ = problem + " at " + std::to_string(time_.now() / ms) + " ms";
  }
  std::int64_t delay() { return dice_.between(ms / 10, dice_.chance(10) ? 600 * ms : 20 * ms); }

  void change_master() {
    ++tally_.switches;
    const auto from = master_;
    master_ = (master_ + 1 + dice_.below(server_count - 1)) % server_count;
    for (std::size_t index = 0; index < sentinel_count; ++index)
      time_.after(delay(), [this, index, from, to = master_] {
        known_[index] = master_;
        if (dice_.chance(30)) return;  // the announcement is lost
        time_.after(delay(), [this, index, from, to] {
          pursuit_.switched(sentinel(index), server(from), server(to), point(time_.now()));
          look();
        });
      });
  }
  // A sentinel says what it knows; that arrives later, or the connection breaks instead.
  void report(std::size_t index) {
    const auto master = known_[index];
    time_.after(delay(), [this, index, master] {
      pursuit_.named(sentinel(index), dice_.chance(5) ? std::nullopt : std::optional(server(master)),
                     point(time_.now()));
      look();
    });
  }
  void ask_all() {
    if (asked_ && time_.now() < *asked_ + 100 * ms) return;
    asked_ = time_.now();
    for (std::size_t index = 0; index < sentinel_count; ++index)
      if (!dice_.chance(10)) time_.after(delay(), [this, index] { report(index); });
  }
  [[nodiscard]] std::optional<std::size_t> used() const {
    if (!pursuit_.master()) return std::nullopt;
    return pursuit_.master()->port - 1U;
  }
  // The keeper: the candidate is connected to, and again after a pause, until it has shown what it is.
  void look() {
    pursuit_.look(point(time_.now()));
    connect();
  }
  void connect() {
    if (pursuit_.candidate() == connecting_) return;
    connecting_ = pursuit_.candidate();
    ++connection_;
    if (connecting_) attempt(connection_);
  }
  void attempt(int connection) {
    time_.after(dice_.between(ms / 10, 10 * ms), [this, connection] {
      if (connection != connection_ || time_.now() > the_end) return;
      if (connecting_->port == master_ + 1U) {
        pursuit_.confirm();
        return connect();
      }
      ++tally_.wrong;
      if (time_.now() > last_change + 2000 * ms) ++wrong_at_the_end_;
      pursuit_.deny(point(time_.now()));
      ask_all();
      connect();
      if (connection == connection_)
        time_.after(dice_.between(50 * ms, 100 * ms), [this, connection] {
          if (connection == connection_) attempt(connection);
        });
    });
  }
  void use() {
    look();
    if (!used()) return ask_all();
    if (*used() == master_) {
      if (dice_.chance(2)) ask_all();
      return;
    }
    // The connection ends, or the server answers READONLY: it takes no write.
    pursuit_.leave(server(*used()), point(time_.now()));
    ask_all();
  }

  Dice dice_;
  Tally& tally_;
  VirtualTime time_;
  std::size_t master_ = 0;
  std::array<std::size_t, sentinel_count> known_{};
  MasterPursuit pursuit_;
  std::optional<ServerAddress> connecting_;  // the candidate of connection_
  int connection_ = 0;
  int wrong_at_the_end_ = 0;
  std::optional<std::int64_t> asked_;
  std::string problem_;
};

/// A planned switch: one sentinel knows it at once, the others within two seconds, and the old master takes
/// itself for the master for ten. What a sentinel says comes in order; announcements may be lost.
class PlannedSwitch {
 public:
  PlannedSwitch(std::uint64_t seed, Tally& tally) : dice_(seed), tally_(tally) {}

  std::string run() {
    for (std::size_t index = 0; index < sentinel_count; ++index)
      ask(index);
    ++tally_.switches;
    const auto leader = dice_.below(sentinel_count);
    for (std::size_t index = 0; index < sentinel_count; ++index) {
      const auto learns = switched_at + (index == leader ? 0 : dice_.between(0, 2000 * ms));
      time_.at(learns, [this, index] { learn(index); });
    }
    for (std::int64_t when = 0; when < 20'000 * ms; when += 25 * ms)
      time_.at(when, [this] { use(); });
    if (!time_.run(100'000)) return "it does not come to an end";
    if (problem_.empty() && pursuit_.master() != server(1)) problem_ = "the new master is not found";
    return problem_;
  }

 private:
  static constexpr std::int64_t switched_at = 1000 * ms;
  static constexpr std::int64_t demoted_at = switched_at + 10'000 * ms;

  std::int64_t arrival(std::size_t index) {
    arrivals_[index] = std::max(arrivals_[index] + 1, time_.now() + dice_.between(ms / 10, 50 * ms));
    return arrivals_[index];
  }
  void learn(std::size_t index) {
    known_[index] = 1;
    if (dice_.chance(30)) return;
    time_.at(arrival(index), [this, index] {
      pursuit_.switched(sentinel(index), server(0), server(1), point(time_.now()));
      told_ = true;
    });
  }
  void ask(std::size_t index) {
    time_.at(arrival(index), [this, index, master = known_[index]] {
      const bool lost = dice_.chance(10);
      pursuit_.named(sentinel(index), lost ? std::nullopt : std::optional(server(master)),
                     point(time_.now()));
      told_ = told_ || (master == 1 && !lost);
    });
  }
  void use() {
    for (std::size_t index = 0; index < sentinel_count; ++index)
      if (dice_.chance(20)) ask(index);
    const auto now = point(time_.now());
    const auto is_master = [this](const ServerAddress& asked) {
      return asked == server(0) ? time_.now() < demoted_at : time_.now() >= switched_at;
    };
    if (pursuit_.master() && !is_master(*pursuit_.master())) pursuit_.leave(server(0), now);
    pursuit_.look(now);
    if (pursuit_.candidate() && is_master(*pursuit_.candidate())) {
      pursuit_.confirm();
    } else if (pursuit_.candidate()) {
      ++tally_.wrong;
      pursuit_.deny(now);
    }
    if (told_ && pursuit_.master() == server(0) && problem_.empty())
      problem_ = "the old master is used " + std::to_string((time_.now() - switched_at) / ms) +
                 " ms after the switch";
  }

  Dice dice_;
  Tally& tally_;
  VirtualTime time_;
  std::array<std::size_t, sentinel_count> known_{};
  std::array<std::int64_t, sentinel_count> arrivals_{};
  MasterPursuit pursuit_;
  bool told_ = false;
  std::string problem_;
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_planned_switch_is_followed_at_once_and_for_good_though_sentinels_lag_behind) {
  Tally tally;
  run_seeds(10'000, [&](std::uint64_t seed) { return PlannedSwitch(seed, tally).run(); });
  tally.check(0.01);
}

BOOST_AUTO_TEST_CASE(the_master_is_found_whatever_order_the_news_come_in) {
  Tally tally;
  run_seeds(10'000, [&](std::uint64_t seed) { return Simulation(seed, tally).run(); });
  tally.check(0.5);
}

BOOST_AUTO_TEST_SUITE_END()
