// Random steps of programs, servers and news around the tiers, in one thread: what happens between two steps of a
// read happens in hooks in the middle of the call. After each step it is checked what the tiers may say.

#include "support/seeds.hpp"
#include "unit/layers/tiered/coherent_tiers.hpp"

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

// What was under a key, and since when.
struct Version {
  std::string text;  // empty: nothing
  TimePoint begin;
  TimePoint expiry;
};

struct Weights {
  unsigned foreign_write = 4, foreign_remove = 1, flush = 0, hear = 4, prove = 2, gap = 0, own_write = 0;
  unsigned own_remove = 0, lost_answers = 0, clear = 0, wait = 2;
};

class Simulation {
 public:
  Simulation(std::uint32_t seed, const Weights& weights, WhenIncoherent policy = WhenIncoherent::pass_through)
      : random_(seed), weights_(weights), tiers_([policy](TieredCacheOptions& options) {
          options.coherence.when_incoherent = policy;
          options.coherence.max_staleness = max_staleness;
          options.keep_stale = policy == WhenIncoherent::serve ? 10min : 0min;
          options.near_ttl = 1h;
          options.recovery.mode = RecoveryMode::none;
        }) {
    for (const auto* key : keys)
      versions_[key].push_back({"", now(), TimePoint::max()});
  }

  void run(int steps) {
    for (int step = 0; step < steps && wrong_.empty(); ++step) {
      do_something(0);
      read(keys[random_() % std::size(keys)]);
    }
  }
  [[nodiscard]] const std::string& wrong() const noexcept { return wrong_; }
  [[nodiscard]] std::uint64_t near_hits() const { return tiers_.cache->tier_statistics().near_hits; }

 private:
  static constexpr std::chrono::milliseconds max_staleness{1'000};
  static constexpr const char* keys[] = {"a", "b", "c"};

  [[nodiscard]] TimePoint now() const { return tiers_.clock->now(); }
  [[nodiscard]] const char* some_key() { return keys[random_() % std::size(keys)]; }

  // From now on at least this is known here.
  void heard_all() {
    for (const auto* key : keys)
      heard_[key] = versions_[key].size() - 1;
  }
  void changed(std::string_view key, std::string text, TimePoint expiry) {
    versions_[std::string(key)].push_back({std::move(text), now(), expiry});
  }

  void do_something(int depth) {
    struct Choice {
      unsigned weight;
      void (Simulation::*what)();
    };
    const Choice choices[] = {{weights_.foreign_write, &Simulation::foreign_write},
                              {weights_.foreign_remove, &Simulation::foreign_remove},
                              {weights_.flush, &Simulation::flush},
                              {weights_.hear, &Simulation::hear},
                              {weights_.prove, &Simulation::prove},
                              {weights_.gap, &Simulation::gap},
                              {weights_.wait, &Simulation::wait},
                              {depth < 2 ? weights_.own_write : 0, &Simulation::own_write},
                              {depth < 2 ? weights_.own_remove : 0, &Simulation::own_remove},
                              {depth < 2 ? weights_.clear : 0, &Simulation::clear}};
    unsigned all = 0;
    for (const auto& choice : choices)
      all += choice.weight;
    auto chosen = static_cast<unsigned>(random_() % all);
    depth_ = depth;
    for (const auto& choice : choices) {
      if (chosen < choice.weight) return (this->*choice.what)();
      chosen -= choice.weight;
    }
  }

  // Every version has text of its own, so that a read tells which it saw.
  void foreign_write() {
    const auto* const key = some_key();
    const auto life = random_() % 4 == 0 ? 300ms : std::chrono::milliseconds(1h);
    const auto text = std::to_string(++last_text_);
    (void)tiers_.store->foreign_write(key, text, life);
    changed(key, text, now() + life);
  }
  void foreign_remove() {
    const auto* const key = some_key();
    if (tiers_.store->foreign_remove(key)) changed(key, "", TimePoint::max());
  }
  void flush() {
    tiers_.store->foreign_flush();
    for (const auto* key : keys)
      changed(key, "", TimePoint::max());
  }
  void hear() {
    tiers_.store->hear_one();
    if (!lost_ && tiers_.store->pending() == 0) heard_all();
  }
  void prove() {
    if (lost_) return;
    tiers_.store->prove();
    heard_all();
  }
  void gap() {
    if (lost_)
      tiers_.store->open();
    else
      tiers_.store->lose();
    lost_ = !lost_;
    heard_all();
  }
  void wait() { tiers_.clock->advance(std::chrono::milliseconds(random_() % 400)); }

  void own_write() {
    const auto* const key = some_key();
    const auto text = std::to_string(++last_text_);
    tiers_.store->lose_answer = random_() % 10 < weights_.lost_answers;
    plan(depth_ + 1);
    // It takes place when the store gets it: what happens before is in front of it.
    (void)tiers_.cache->write(key, text, 1h);
    tiers_.store->lose_answer = false;
    note_own(key, text);
  }
  void own_remove() {
    const auto* const key = some_key();
    plan(depth_ + 1);
    (void)tiers_.cache->remove(key);
    note_own(key, "");
  }
  void clear() {
    plan(depth_ + 1);
    (void)tiers_.cache->clear();
    for (const auto* key : keys)
      note_own(key, "");
  }
  // The versions that others have made since are later ones when they are what the store has.
  void note_own(const char* key, const std::string& text) {
    const auto stored = tiers_.store->below()->get(key);
    const std::string present = stored.hit() ? std::string(stored.value().text()) : "";
    auto& all = versions_[key];
    if (present == text && all.back().text != text) changed(key, text, now() + 1h);
    // After the call everybody here sees it, or what came after it.
    const auto seen =
        std::find_if(all.rbegin(), all.rend(), [&](const Version& each) { return each.text == present; });
    if (seen == all.rend()) return;
    heard_[key] = std::max(heard_[key], static_cast<std::size_t>(all.rend() - seen) - 1);
  }

  // What happens in the middle of the next call.
  void plan(int depth) {
    tiers_.store->before_call = [this, depth] { do_some(depth); };
    tiers_.store->after_call = [this, depth] { do_some(depth); };
  }
  void do_some(int depth) {
    for (auto count = random_() % 3; count > 0; --count)
      do_something(depth);
  }

  void read(const char* key) {
    if (lost_) heard_all();  // only the far tier answers
    const auto from = heard_[key];
    const auto began = now();
    plan(1);
    const auto found = tiers_.cache->get(key);
    tiers_.store->before_call = tiers_.store->after_call = nullptr;
    if (found.failed()) return;
    check(key, from, began, found.hit() ? std::string(found.value().text()) : "");
  }

  void check(const char* key, std::size_t from, TimePoint began, const std::string& text) {
    const auto& all = versions_[key];
    for (std::size_t index = 0; index < all.size(); ++index) {
      const auto& version = all[index];
      const bool shows = version.text == text ? text.empty() || began <= version.expiry
                                              : text.empty() && version.expiry <= now();
      if (!shows || index < from) continue;
      // It was true at most so long ago.
      if (index + 1 == all.size() || all[index + 1].begin >= began - max_staleness) return;
    }
    wrong_ = std::string(key) + " is read as \"" + text + "\", but version " + std::to_string(from) + " of " +
             std::to_string(all.size() - 1) + " is known here";
  }

  std::minstd_rand random_;
  const Weights weights_;
  CoherentTiers tiers_;
  std::map<std::string, std::vector<Version>> versions_;
  std::map<std::string, std::size_t> heard_;
  std::string wrong_;
  int last_text_ = 0;
  int depth_ = 0;
  bool lost_ = false;
};

void simulate(const Weights& weights, WhenIncoherent policy = WhenIncoherent::pass_through) {
  const Seeds seeds;
  std::uint64_t near_hits = 0;
  seeds.for_each([&](std::uint32_t seed) {
    Simulation simulation(seed, weights, policy);
    simulation.run(60);
    near_hits += simulation.near_hits();
    BOOST_TEST_REQUIRE(simulation.wrong().empty(), "seed " << seed << ": " << simulation.wrong());
  });
  BOOST_TEST(near_hits > seeds.count);  // copies were served at all
}

}  // namespace

BOOST_AUTO_TEST_SUITE(coherence_simulation)

BOOST_AUTO_TEST_CASE(fills_never_outlive_news) {
  simulate({});
}

BOOST_AUTO_TEST_CASE(news_and_answers_in_any_order) {
  Weights weights;
  weights.hear = 8;
  weights.prove = 1;
  simulate(weights);
}

BOOST_AUTO_TEST_CASE(a_gap_between_any_two_steps) {
  Weights weights;
  weights.gap = 3;
  simulate(weights);
}

BOOST_AUTO_TEST_CASE(a_removal_of_everything_between_any_two_steps) {
  Weights weights;
  weights.flush = 2;
  weights.gap = 1;
  simulate(weights);
}

BOOST_AUTO_TEST_CASE(own_writes_with_and_without_answers) {
  Weights weights;
  weights.own_write = 4;
  weights.own_remove = 1;
  weights.clear = 1;
  weights.lost_answers = 3;
  weights.gap = 1;
  simulate(weights);
}

BOOST_AUTO_TEST_CASE(who_fails_rather_than_to_ask_sees_no_old_copy_either) {
  Weights weights;
  weights.gap = 2;
  simulate(weights, WhenIncoherent::fail);
}

BOOST_AUTO_TEST_SUITE_END()
