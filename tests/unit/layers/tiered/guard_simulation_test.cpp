// Random steps around tiers in mode both: programs that tell of their changes, and such that do not, a server whose news
// are lost and come back, and a channel that is. After each step it is checked how old a copy may be.

#include "support/seeds.hpp"
#include "unit/layers/tiered/backplane_tiers.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

using TimePoint = IClock::TimePoint;
constexpr auto max_staleness = 1'000ms;
constexpr auto fallback_ttl = 700ms;
constexpr const char* all_keys[] = {"a", "b", "c"};

struct ToldVersion {
  std::string text;  // empty: nothing
  TimePoint begin;
  bool told = true;  // over the channel
};

class GuardSimulation {
 public:
  explicit GuardSimulation(std::uint32_t seed, CoherenceMode mode)
      : random_(seed), foreigners_(mode == CoherenceMode::both), tiers_(mode, [](auto& options) {
          options.coherence.max_staleness = max_staleness;
          options.coherence.fallback_ttl = fallback_ttl;
          options.near_ttl = 1h;
          options.recovery.mode = RecoveryMode::none;
        }) {
    for (const auto* key : all_keys)
      versions_[key].push_back({"", now(), true});
  }

  void run(int steps) {
    for (int step = 0; step < steps && wrong_.empty(); ++step) {
      act(0);
      read(all_keys[random_() % std::size(all_keys)]);
    }
  }
  [[nodiscard]] const std::string& wrong() const noexcept { return wrong_; }
  [[nodiscard]] std::uint64_t near_hits() const { return tiers_.cache->tier_statistics().near_hits; }
  [[nodiscard]] std::uint64_t epochs() const { return tiers_.cache->tier_statistics().epochs; }

 private:
  [[nodiscard]] TimePoint now() const { return tiers_.clock->now(); }
  [[nodiscard]] const char* some_key() { return all_keys[random_() % std::size(all_keys)]; }

  void act(int depth) {
    switch (random_() % 16) {
      case 0:
      case 1:
        return foreign_write();
      case 2:
      case 3:
      case 4:
        return other_write();
      case 5:
        return other_remove();
      case 6:
        return depth == 0 ? own_write() : hear();
      case 7:
        return lose_or_open_news();
      case 8:
        return lose_or_open_channel();
      case 9:
        return prove();
      case 10:
        return tiers_.clock->advance(std::chrono::milliseconds(random_() % 400));
      case 11:
        return tiers_.bus->miss(random_() % 2 == 0);
      default:
        return hear();
    }
  }

  // By a program that knows no backplane: only the server tells.
  void foreign_write() {
    if (!foreigners_) return;
    const auto* const key = some_key();
    const auto text = std::to_string(++last_text_);
    (void)tiers_.store->foreign_write(key, text);
    versions_[key].push_back({text, now(), false});
  }
  void other_write() {
    const auto* const key = some_key();
    const auto text = std::to_string(++last_text_);
    (void)tiers_.other->write(key, text, 1h);
    tiers_.store->tell(key);
    versions_[key].push_back({text, now(), true});
  }
  void other_remove() {
    const auto* const key = some_key();
    if (tiers_.other->remove(key).value_or(false)) tiers_.store->tell(key);
    if (!versions_[key].back().text.empty()) versions_[key].push_back({"", now(), true});
  }
  void own_write() {
    const auto* const key = some_key();
    const auto text = std::to_string(++last_text_);
    auto& all = versions_[key];
    std::size_t own = 0;
    tiers_.store->before_call = [this] { act_some(); };
    tiers_.store->after_call = [&] {
      own = all.size();
      all.push_back({text, now(), true});
      act_some();
    };
    (void)tiers_.cache->write(key, text, 1h);
    tiers_.store->before_call = tiers_.store->after_call = nullptr;
    // From now on it is seen here, or what came after it.
    seen_[key] = std::max(seen_[key], own);
  }
  void lose_or_open_news() {
    news_ = !news_;
    news_ ? tiers_.store->open() : tiers_.store->lose();
  }
  void lose_or_open_channel() {
    channel_ = !channel_;
    channel_ ? tiers_.bus->open() : tiers_.bus->lose();
  }
  void hear() { random_() % 2 == 0 ? tiers_.store->hear_one() : tiers_.bus->hear_one(); }
  void prove() {
    if (news_) tiers_.store->prove();
    if (channel_) tiers_.bus->prove();
  }

  // What happens in the middle of the next call.
  void plan() {
    tiers_.store->before_call = [this] { act_some(); };
    tiers_.store->after_call = [this] { act_some(); };
  }
  void act_some() {
    for (auto count = random_() % 3; count > 0; --count)
      act(1);
  }

  void read(const char* key) {
    const auto from = seen_[key];
    const auto began = now();
    plan();
    const auto found = tiers_.cache->get(key);
    tiers_.store->before_call = tiers_.store->after_call = nullptr;
    if (!found.failed()) check(key, from, began, found.hit() ? std::string(found.value().text()) : "");
  }
  // What is read was true at most so long ago: what nobody has told of may last for as long as a copy lives.
  void check(const char* key, std::size_t from, TimePoint began, const std::string& text) {
    const auto& all = versions_[key];
    for (std::size_t index = from; index < all.size(); ++index) {
      if (all[index].text != text) continue;
      TimePoint end = TimePoint::max();
      for (auto next = index + 1; next < all.size(); ++next)
        end = std::min(end, all[next].begin + max_staleness + (all[next].told ? 0ms : fallback_ttl));
      if (end >= began) return;
    }
    wrong_ = std::string(key) + " is read as \"" + text + "\", which is too old";
  }

  std::minstd_rand random_;
  const bool foreigners_;
  BackplaneTiers tiers_;
  std::map<std::string, std::vector<ToldVersion>> versions_;
  std::map<std::string, std::size_t> seen_;
  std::string wrong_;
  int last_text_ = 0;
  bool news_ = true;
  bool channel_ = true;
};

void simulate_guards(CoherenceMode mode) {
  const Seeds seeds;
  std::uint64_t near_hits = 0;
  std::uint64_t epochs = 0;
  seeds.for_each([&](std::uint32_t seed) {
    GuardSimulation simulation(seed, mode);
    simulation.run(60);
    near_hits += simulation.near_hits();
    epochs += simulation.epochs();
    BOOST_TEST_REQUIRE(simulation.wrong().empty(), "seed " << seed << ": " << simulation.wrong());
  });
  BOOST_TEST(near_hits > seeds.count);  // copies were served at all
  BOOST_TEST(epochs > seeds.count);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(guard_simulation)

BOOST_AUTO_TEST_CASE(guard_changes_in_mode_both) {
  simulate_guards(CoherenceMode::both);
}

BOOST_AUTO_TEST_CASE(a_backplane_alone_that_is_lost_between_any_two_steps) {
  simulate_guards(CoherenceMode::backplane);
}

BOOST_AUTO_TEST_SUITE_END()
