// Rules that change while a cache runs, by seeds: each call is held to the rules that it began with.

#include "support/fake_clock.hpp"
#include "support/seeds.hpp"
#include "support/wait_until.hpp"
#include "unit/layers/remember/computing_world.hpp"

#include <cachesite/memory_cache.hpp>
#include <cachesite/remember_cache.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;

namespace {

using Milliseconds = std::chrono::milliseconds;

// No end is at a whole second, and every look is.
std::vector<RememberRule> rules_of(std::size_t number) {
  std::vector<RememberRule> rules(2);
  rules[0].match = "a*";
  rules[0].ttl = 10'500ms + 1s * static_cast<int>(number) * 7;
  rules[0].stale = 1s * static_cast<int>(number) * 13;
  rules[1].match = "b*";
  rules[1].ttl = 40'500ms - 1s * static_cast<int>(number) * 9;
  rules[1].stale = 40s - 1s * static_cast<int>(number) * 10;
  return rules;
}

struct ModelEntry {
  std::string value;
  Milliseconds end{0};
  Milliseconds kept_for{0};  // in an envelope
};

class ChangingWorld {
 public:
  explicit ChangingWorld(ValueForm form) : form_(form) {
    ComponentContext context;
    context.clock = clock_;
    RememberCacheOptions options;
    options.over = Reference<ICache>(std::make_shared<MemoryCache>(MemoryCacheOptions{}, context));
    options.form = form;
    options.stale = {1h, 0ms, 0ms};  // of keys that no rule matches
    options.rules = rules_of(0);
    cache_ = std::make_shared<RememberCache>(options, context);
  }

  std::string run(std::uint64_t seed) {
    random_.seed(seed);
    for (int step = 0; step < 60 && problem_.empty(); ++step)
      switch (random_() % 4) {
        case 0:
          change();
          break;
        case 1:
          now_ += 1s * static_cast<int>(random_() % 30);
          clock_->advance(now_ - told_);
          told_ = now_;
          break;
        default:
          ask(random_() % 2 == 0 ? "a1" : "b1", random_() % 2 == 0);
      }
    return problem_;
  }

 private:
  void change() {
    number_ = random_() % 4;
    if (!cache_->set_rules(rules_of(number_)).ok()) problem_ = "the rules are refused";
  }

  void ask(const std::string& key, bool gives) {
    const auto rule = rules_of(number_)[key[0] == 'a' ? 0 : 1];
    const auto known = entries_.find(key);
    const bool fresh = known != entries_.end() && now_ < known->second.end;
    bool ran = false;
    const auto value = std::to_string(++values_);
    const auto found = cache_->remember(key, 1h, [&]() -> Result<std::string> {
      ran = true;
      if (random_() % 3 == 0) change();
      if (gives) return value;
      return Error(ErrorCode::unreachable);
    });
    if (fresh == ran)
      return report(key, ran ? "a fresh value was computed again" : "an ended value was returned");
    if (fresh) return expect(key, found, known->second.value, false);
    if (gives) {
      entries_[key] = {value, now_ + *rule.ttl, *rule.stale};
      return expect(key, found, value, false);
    }
    if (!has_kept(known, *rule.stale)) {
      if (!found.failed()) report(key, "a value is older than its rule allows");
      return;
    }
    expect(key, found, known->second.value, true);
  }

  [[nodiscard]] bool has_kept(std::map<std::string, ModelEntry>::const_iterator known,
                              Milliseconds stale) const {
    if (known == entries_.end()) return false;
    const auto age = now_ - known->second.end;
    return age <= stale && (form_ == ValueForm::plain || age <= known->second.kept_for);
  }
  void expect(const std::string& key, const Lookup& found, const std::string& value, bool stale) {
    if (!found.hit() || found.value().text() != value) return report(key, "another value, or none");
    if (found.stale() != stale)
      report(key, stale ? "the value is not marked" : "the value is marked as stale");
  }
  void report(const std::string& key, const std::string& what) { problem_ = key + ": " + what; }

  const ValueForm form_;
  std::shared_ptr<test::FakeClock> clock_ = std::make_shared<test::FakeClock>();
  std::shared_ptr<RememberCache> cache_;
  std::map<std::string, ModelEntry> entries_;
  std::mt19937_64 random_;
  std::size_t number_ = 0;
  int values_ = 0;
  Milliseconds now_{0};
  Milliseconds told_{0};
  std::string problem_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(changing_rules)

// Acceptance test 14.
BOOST_AUTO_TEST_CASE(rules_change_while_running) {
  test::Seeds().for_each([](std::uint32_t seed) {
    for (const auto form : {ValueForm::plain, ValueForm::envelope}) {
      const auto problem = ChangingWorld(form).run(seed);
      BOOST_REQUIRE_MESSAGE(problem.empty(), problem << " (CACHESITE_SEED=" << seed << ")");
    }
  });
}

BOOST_AUTO_TEST_CASE(work_that_waits_for_a_thread_goes_on_with_the_rules_it_began_with) {
  test::ComputingWorld world([](auto& options) {
    options.refresh.mode = RefreshMode::eager;
    options.refresh.workers = 1;
    options.rules = rules_of(0);
  });
  const test::HangingSource source;
  const auto cached = [&](std::string_view key, auto factory) {
    (void)world.cache->remember(key, 1h, background(std::move(factory)));
  };
  for (const auto* const key : {"a1", "a2"})
    cached(key, [] { return "first"; });
  world.clock->advance(10s);
  cached("a1", source);
  BOOST_TEST(test::wait_until([&] { return source.started() == 1; }));
  cached("a2", [] { return "second"; });
  BOOST_TEST(world.cache->set_rules(rules_of(3)).ok());
  source.release();
  BOOST_TEST(test::wait_until([&] { return world.store->get("a2").value().text() == "second"; }));
  BOOST_TEST(world.cache->time_to_live("a2").value().left.count() == 10'500);
}

BOOST_AUTO_TEST_CASE(rules_may_change_under_calls_of_other_threads) {
  RememberCacheOptions options;
  options.over = Reference<ICache>(std::make_shared<MemoryCache>(MemoryCacheOptions{}));
  options.rules = rules_of(0);
  options.stale.keep = 1h;
  RememberCache cache(options);
  std::atomic<bool> done{false};
  std::atomic<int> wrong{0};
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 2; ++caller)
    callers.emplace_back([&, caller] {
      for (int call = 0; !done; ++call)
        if (!cache.remember("a" + std::to_string(caller * 1'000'000 + call), 1min, [] { return "v"; }).hit())
          ++wrong;
    });
  for (std::size_t number = 0; number < 200; ++number)
    if (!cache.set_rules(rules_of(number % 4)).ok()) ++wrong;
  done = true;
  for (auto& caller : callers)
    caller.join();
  BOOST_TEST(wrong == 0);
}

BOOST_AUTO_TEST_CASE(rules_that_a_file_may_not_have_are_refused) {
  RememberCacheOptions options;
  options.over = Reference<ICache>(std::make_shared<MemoryCache>(MemoryCacheOptions{}));
  RememberCache cache(options);
  std::vector<RememberRule> rules(1);
  rules[0].match = "*";
  rules[0].ttl = 0ms;
  BOOST_TEST((cache.set_rules(rules).error().code() == ErrorCode::bad_argument));
  rules.resize(65);
  BOOST_TEST((cache.set_rules(rules).error().code() == ErrorCode::bad_argument));
  rules.resize(1);
  for (int seconds = 1; seconds < 1'000; ++seconds) {
    rules[0].ttl = 1s * seconds;
    BOOST_REQUIRE(cache.set_rules(rules).ok());
  }
  rules[0].ttl = 1h;
  BOOST_TEST((cache.set_rules(rules).error().code() == ErrorCode::refused));
  rules[0].ttl = 1s;  // was in force before
  BOOST_TEST(cache.set_rules(rules).ok());
}

BOOST_AUTO_TEST_SUITE_END()
