// The search for the master against pretended sentinels in virtual time: what they say is late, lost,
// repeated and out of order, and masters change.

#include "redis/master_search.hpp"
#include "unit/redis/seeded_schedules.hpp"

#include <array>
#include <optional>
#include <string>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::redis;
using namespace cachesite::test;

namespace {

constexpr std::size_t server_count = 3;
constexpr std::size_t sentinel_count = 3;
constexpr std::int64_t ms = 1000;
constexpr std::int64_t last_change = 3000 * ms;

ServerAddress server(std::size_t index) {
  return {"server", static_cast<std::uint16_t>(index + 1), {}};
}
ServerAddress sentinel(std::size_t index) {
  return {"sentinel", static_cast<std::uint16_t>(index + 1), {}};
}
TimePoint point(std::int64_t time) {
  return TimePoint(std::chrono::hours(1)) + std::chrono::microseconds(time);
}

class Simulation {
 public:
  explicit Simulation(std::uint64_t seed) : dice_(seed) {}

  std::string run() {
    for (std::size_t index = 0; index < sentinel_count; ++index)
      time_.at(delay(), [this, index] { report(index); });
    for (auto changes = dice_.between(1, 4); changes > 0; --changes)
      time_.at(dice_.between(0, last_change), [this] { change_master(); });
    for (std::int64_t when = 0; when < last_change + 3000 * ms; when += 20 * ms)
      time_.at(when, [this] { use(); });
    if (!time_.run(100'000)) return "it does not come to an end";
    if (problem_.empty() && used_ != master_) fail("the master in the end is not found");
    return problem_;
  }

 private:
  void fail(const std::string& problem) {
    if (problem_.empty()) problem_ = problem + " at " + std::to_string(time_.now() / ms) + " ms";
  }
  std::int64_t delay() { return dice_.between(ms / 10, dice_.chance(10) ? 600 * ms : 20 * ms); }

  void change_master() {
    const auto from = master_;
    master_ = (master_ + 1 + dice_.below(server_count - 1)) % server_count;
    for (std::size_t index = 0; index < sentinel_count; ++index)
      time_.after(delay(), [this, index, from, to = master_] {
        known_[index] = master_;
        if (dice_.chance(30)) return;  // the announcement is lost
        time_.after(delay(), [this, index, from, to] {
          search_.switched(sentinel(index), server(from), server(to), point(time_.now()));
          if (used_ == from) used_.reset();
          look();
        });
      });
  }
  // A sentinel says what it knows; that arrives later, or the connection breaks instead.
  void report(std::size_t index) {
    const auto master = known_[index];
    time_.after(delay(), [this, index, master] {
      search_.named(sentinel(index), dice_.chance(5) ? std::nullopt : std::optional(server(master)),
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
  // As the keeper does it: whoever is chosen has to show that he is the master.
  void look() {
    const auto choice = search_.choice(point(time_.now()));
    if (!choice) return;
    const auto chosen = static_cast<std::size_t>(choice->port - 1);
    if (used_ == chosen || candidate_ == chosen) return;
    candidate_ = chosen;
    time_.after(dice_.between(ms / 10, 10 * ms), [this, chosen] {
      if (candidate_ != chosen) return;
      candidate_.reset();
      if (chosen != master_) return search_.denied(server(chosen), point(time_.now()));
      used_ = chosen;
    });
  }
  void use() {
    look();
    if (!used_) return ask_all();
    if (*used_ == master_) {
      if (dice_.chance(2)) ask_all();
      return;
    }
    // The connection ends, or the server answers READONLY: it takes no write.
    search_.denied(server(*used_), point(time_.now()));
    used_.reset();
    ask_all();
  }

  Dice dice_;
  VirtualTime time_;
  std::size_t master_ = 0;
  std::array<std::size_t, sentinel_count> known_{};
  MasterSearch search_;
  std::optional<std::size_t> used_;
  std::optional<std::size_t> candidate_;
  std::optional<std::int64_t> asked_;
  std::string problem_;
};

/// A planned switch: one sentinel knows it at once, the others within two seconds, and the old master takes
/// itself for the master for ten. What a sentinel says comes in order; announcements may be lost.
class PlannedSwitch {
 public:
  explicit PlannedSwitch(std::uint64_t seed) : dice_(seed) {}

  std::string run() {
    for (std::size_t index = 0; index < sentinel_count; ++index)
      ask(index);
    const auto leader = dice_.below(sentinel_count);
    for (std::size_t index = 0; index < sentinel_count; ++index) {
      const auto learns = switched_at + (index == leader ? 0 : dice_.between(0, 2000 * ms));
      time_.at(learns, [this, index] { learn(index); });
    }
    for (std::int64_t when = 0; when < 20'000 * ms; when += 25 * ms)
      time_.at(when, [this] { use(); });
    if (!time_.run(100'000)) return "it does not come to an end";
    if (problem_.empty() && used_ != 1U) problem_ = "the new master is not found";
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
      search_.switched(sentinel(index), server(0), server(1), point(time_.now()));
      told_ = true;
    });
  }
  void ask(std::size_t index) {
    time_.at(arrival(index), [this, index, master = known_[index]] {
      const bool lost = dice_.chance(10);
      search_.named(sentinel(index), lost ? std::nullopt : std::optional(server(master)), point(time_.now()));
      told_ = told_ || (master == 1 && !lost);
    });
  }
  void use() {
    for (std::size_t index = 0; index < sentinel_count; ++index)
      if (dice_.chance(20)) ask(index);
    const auto choice = search_.choice(point(time_.now()));
    if (!choice) return;
    const auto chosen = static_cast<std::size_t>(choice->port - 1);
    const bool is_master = chosen == 0 ? time_.now() < demoted_at : time_.now() >= switched_at;
    if (!is_master) return search_.denied(*choice, point(time_.now()));
    if (told_ && chosen == 0 && problem_.empty())
      problem_ = "the old master is used " + std::to_string((time_.now() - switched_at) / ms) +
                 " ms after the switch";
    used_ = chosen;
  }

  Dice dice_;
  VirtualTime time_;
  std::array<std::size_t, sentinel_count> known_{};
  std::array<std::int64_t, sentinel_count> arrivals_{};
  MasterSearch search_;
  std::optional<std::size_t> used_;
  bool told_ = false;
  std::string problem_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(sentinel_simulation)

BOOST_AUTO_TEST_CASE(a_planned_switch_is_followed_at_once_and_for_good_though_sentinels_lag_behind) {
  run_seeds(10'000, [](std::uint64_t seed) { return PlannedSwitch(seed).run(); });
}

BOOST_AUTO_TEST_CASE(the_master_is_found_whatever_order_the_news_come_in) {
  run_seeds(10'000, [](std::uint64_t seed) { return Simulation(seed).run(); });
}

BOOST_AUTO_TEST_SUITE_END()
