// Components of the program that are told what becomes of copies.

#include "unit/layers/tiered/backplane_tiers.hpp"
#include "unit/layers/tiered/coherent_tiers.hpp"

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

class Diary final : public ITierListener {
 public:
  void on_coherence(const CoherenceReport& report) override {
    lines.push_back("coherence " + std::string(to_string(report.state)));
  }
  void on_stale_served(std::string_view key, std::chrono::milliseconds age, const Error& error) override {
    lines.push_back("stale " + std::string(key) + " " + std::to_string(age.count()) + " " +
                    std::string(to_string(error.code())));
  }
  void on_recovery(std::uint64_t removed, std::uint64_t given_up) override {
    lines.push_back("recovery " + std::to_string(removed) + " " + std::to_string(given_up));
  }

  std::vector<std::string> lines;
};

class Thrower final : public ITierListener {
 public:
  void on_coherence(const CoherenceReport&) override { throw std::runtime_error("no"); }
};

CoherentTiers told(const std::shared_ptr<ITierListener>& listener) {
  return CoherentTiers([&](TieredCacheOptions& options) {
    options.listeners = {Reference<ITierListener>(std::make_shared<Thrower>()),
                         Reference<ITierListener>(listener)};
    options.keep_stale = 1h;
    options.when_far_fails = WhenFarFails::stale;
    options.recovery.delay = 0ms;
  });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tier_listeners)

BOOST_AUTO_TEST_CASE(they_are_told_of_gaps_old_copies_and_recovery_whatever_another_throws) {
  const auto diary = std::make_shared<Diary>();
  const auto tiers = told(diary);
  BOOST_TEST(tiers.store->foreign_write("key", "1"));
  tiers.store->hear_all();
  BOOST_TEST(tiers.text("key") == "1");
  tiers.store->lose();
  tiers.store->away = true;
  tiers.clock->advance(5s);
  BOOST_TEST(tiers.text("key") == "1");
  BOOST_TEST(!tiers.cache->remove("key").ok());
  tiers.store->away = false;
  tiers.store->open();
  BOOST_TEST(tiers.text("key") == "nothing");
  const std::vector<std::string> expected{"coherence coherent", "coherence pass_through",
                                          "stale key 5000 unreachable", "coherence coherent", "recovery 1 0"};
  BOOST_TEST(diary->lines == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(they_are_told_that_only_a_backplane_vouches_and_that_it_doubts) {
  const auto diary = std::make_shared<Diary>();
  const auto listen = [&](auto& options) {
    if (diary->lines.empty()) options.listeners = {Reference<ITierListener>(diary)};
    diary->lines.emplace_back("made");
  };
  const std::vector<std::string> expected{"coherence fallback", "coherence coherent"};
  const BackplaneTiers both(CoherenceMode::both, listen);
  const auto before = both.cache->coherence().since;
  diary->lines.clear();
  both.store->lose();
  both.store->open();
  BOOST_TEST(diary->lines == expected, boost::test_tools::per_element());
  BOOST_TEST((both.cache->coherence().since > before));
  diary->lines.clear();
  const BackplaneTiers alone(CoherenceMode::backplane, listen);
  diary->lines.clear();
  alone.bus->miss(true);
  alone.bus->miss(true);
  alone.bus->trust();
  BOOST_TEST(diary->lines == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_listener_may_call_the_cache) {
  class Caller final : public ITierListener {
   public:
    void on_coherence(const CoherenceReport&) override {
      if (const auto held = cache.lock()) states.push_back(held->coherence().state);
    }
    std::weak_ptr<TieredCache> cache;
    std::vector<Coherence> states;
  };
  const auto caller = std::make_shared<Caller>();
  const auto tiers = told(caller);
  caller->cache = tiers.cache;
  tiers.store->lose();
  tiers.store->open();
  BOOST_TEST((caller->states == std::vector{Coherence::pass_through, Coherence::coherent}));
}

BOOST_AUTO_TEST_SUITE_END()
