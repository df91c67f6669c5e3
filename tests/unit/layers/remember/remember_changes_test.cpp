// What a RememberCache does not store: values that were changed, or are computed anew, while it computes.

#include "support/wait_until.hpp"
#include "unit/layers/remember/moody_cache.hpp"

#include <cachesite/hooked_cache.hpp>
#include <cachesite/memory_cache.hpp>
#include <cachesite/remember_cache.hpp>
#include <cachesite/tagged_cache.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <latch>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;
using test::MoodyCache;
using test::wait_until;

namespace {

std::shared_ptr<RememberCache> over(const std::shared_ptr<ICache>& below,
                                    std::chrono::milliseconds wait = 30s) {
  RememberCacheOptions options;
  options.over = Reference<ICache>(below);
  options.wait = wait;
  return std::make_shared<RememberCache>(options);
}
std::shared_ptr<ICache> tagged() {
  TaggedCacheOptions options;
  options.over = Reference<ICache>(std::make_shared<MemoryCache>());
  return std::make_shared<TaggedCache>(options);
}

// Changes of "k" that leave `value` behind; nothing when it is empty.
struct Change {
  std::string_view name;
  std::function<void(RememberCache&)> make;
  std::string_view value = {};
};

const std::vector<Change> changes{
    {"write", [](auto& cache) { (void)cache.write("k", "new", 1min); }, "new"},
    {"add", [](auto& cache) { (void)cache.remove("k"), (void)cache.add("k", "new", 1min); }, "new"},
    {"add alone", [](auto& cache) { (void)cache.add("k", "7", 1min); }, "7"},
    {"replace", [](auto& cache) { (void)cache.replace("k", "new", 1min); }, "new"},
    {"increment", [](auto& cache) { (void)cache.increment("k", 5, 1min); }, "12"},
    {"remove", [](auto& cache) { (void)cache.remove("k"); }},
    {"set_many",
     [](auto& cache) {
       (void)cache.set_many({{"a", "x", 1min}, {"k", "new", 1min}});
     },
     "new"},
    {"remove_many",
     [](auto& cache) {
       (void)cache.remove_many({"a", "k"});
     }},
    {"remove_matching", [](auto& cache) { (void)cache.remove_matching("k*"); }},
    {"clear", [](auto& cache) { (void)cache.clear(); }},
    {"write_tagged", [](auto& cache) { (void)cache.write_tagged("k", "new", 1min, {"t"}); }, "new"},
    {"evict_tags", [](auto& cache) { (void)cache.evict_tags({"t"}); }},
};

Computation computing(std::function<Result<Computed>()> factory, bool refresh = false) {
  Computation computation;
  computation.factory = std::move(factory);
  computation.tags = {"t"};
  computation.refresh = refresh;
  return computation;
}

std::string text(RememberCache& cache) {
  const auto found = cache.get("k");
  return found.hit() ? std::string(found.value().text()) : "";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(remember_changes)

BOOST_AUTO_TEST_CASE(no_change_while_a_value_is_computed_is_overwritten_by_it) {
  for (const bool refresh : {false, true})
    for (const auto& change : changes)
      BOOST_TEST_CONTEXT(change.name << (refresh ? " while it is computed anew" : "")) {
        const auto cache = over(tagged());
        auto how = computing(
            [&]() -> Result<Computed> {
              change.make(*cache);
              return Computed{"old", {}};
            },
            refresh);
        how.accepts = [](Found, const Value& value) { return value.text() != "7"; };
        if (change.name != "add alone") BOOST_REQUIRE(cache->write("k", "7", 1min).ok());
        if (change.name == "evict_tags") BOOST_REQUIRE(cache->write_tagged("k", "7", 1min, {"t"}).ok());
        BOOST_TEST(cache->remember("k", 1min, how).value().text() == "old");
        BOOST_TEST(text(*cache) == change.value);
      }
}

BOOST_AUTO_TEST_CASE(who_computes_after_waiting_in_vain_does_not_overwrite_a_change_either) {
  for (const auto& change : changes)
    BOOST_TEST_CONTEXT(change.name) {
      const auto cache = over(tagged(), 1ms);
      std::latch inside(1);
      std::latch leave(1);
      std::thread leader([&] {
        auto first = computing([&]() -> Result<Computed> {
          inside.count_down();
          leave.wait();
          return Computed{"7", {}};
        });
        if (change.name != "evict_tags") first.tags.clear();  // what has tags cannot be counted
        (void)cache->remember("k", 1min, first);
      });
      inside.wait();
      const auto answer = cache->remember("k", 1min, computing([&]() -> Result<Computed> {
                                            leave.count_down();
                                            leader.join();  // what it computed is stored
                                            if (change.name == "add alone") (void)cache->remove("k");
                                            change.make(*cache);
                                            return Computed{"old", {}};
                                          }));
      BOOST_TEST(answer.value().text() == "old");
      BOOST_TEST(text(*cache) == change.value);
    }
}

BOOST_AUTO_TEST_CASE(a_value_computed_anew_is_not_replaced_by_one_whose_computation_began_before) {
  for (const bool early_anew : {false, true})
    for (const bool early_ends_first : {false, true})
      BOOST_TEST_CONTEXT((early_anew ? "anew, " : "") << (early_ends_first ? "ends first" : "ends last")) {
        const auto cache = over(tagged());
        std::latch inside(1);
        std::latch leave(1);
        std::thread early([&] {
          (void)cache->remember("k", 1min,
                                computing(
                                    [&]() -> Result<Computed> {
                                      inside.count_down();
                                      leave.wait();
                                      return Computed{"old", {}};
                                    },
                                    early_anew));
        });
        const auto let_early_end = [&] {
          leave.count_down();
          early.join();
        };
        inside.wait();
        (void)cache->remember("k", 1min,
                              computing(
                                  [&]() -> Result<Computed> {
                                    if (early_ends_first) let_early_end();
                                    return Computed{"new", {}};
                                  },
                                  true));
        if (!early_ends_first) let_early_end();
        BOOST_TEST(text(*cache) == "new");
      }
}

BOOST_AUTO_TEST_CASE(a_value_computed_anew_is_stored_when_a_later_attempt_fails) {
  const auto cache = over(tagged());
  const auto later = computing([]() -> Result<Computed> { return Error(ErrorCode::unreachable); }, true);
  (void)cache->remember("k", 1min,
                        computing(
                            [&]() -> Result<Computed> {
                              BOOST_TEST(cache->remember("k", 1min, later).failed());
                              return Computed{"new", {}};
                            },
                            true));
  BOOST_TEST(text(*cache) == "new");
}

BOOST_AUTO_TEST_CASE(a_thread_whose_value_others_wait_for_no_more_is_in_no_circle_with_them) {
  const auto cache = over(std::make_shared<MemoryCache>());
  for (int round = 0; round < 200; ++round) {
    const auto menu = "menu" + std::to_string(round);
    const auto page = "page" + std::to_string(round);
    const auto waits = cache->statistics().stampede_waits;
    std::latch computing_menu(1);
    std::thread other([&] {
      computing_menu.wait();
      (void)cache->remember(page, 1min, [&] {
        return std::string(cache->remember(menu, 1min, [] { return "2"; }).value().text());
      });
    });
    (void)cache->remember(menu, 1min, [&] {
      computing_menu.count_down();
      wait_until([&] { return cache->statistics().stampede_waits > waits; });
      return "1";
    });
    const auto found = cache->remember(page, 1min, [] { return "3"; });
    other.join();
    BOOST_REQUIRE_MESSAGE(found.hit(), (found.failed() ? found.error().message() : "no value"));
    BOOST_TEST(found.value().text() == "1");
  }
}

BOOST_AUTO_TEST_CASE(a_function_that_is_told_of_a_failure_may_change_the_same_key) {
  const auto below = std::make_shared<MoodyCache>();
  below->writes_fail = true;
  const auto cache = over(below);
  for (const bool refresh : {false, true}) {
    int told = 0;
    int removed = 0;
    Computation how;
    how.factory = []() -> Result<Computed> { return Computed{"v", {}}; };
    how.refresh = refresh;
    how.report = [&](const Error&) {
      ++told;
      if (cache->remove("k").ok() && cache->get("k").miss()) ++removed;
    };
    auto answer = std::async(std::launch::async, [&] { return cache->remember("k", 1min, how); });
    BOOST_REQUIRE((answer.wait_for(10s) == std::future_status::ready));
    BOOST_TEST(answer.get().hit());
    BOOST_TEST(told == 1);
    BOOST_TEST(removed == 1);
  }
}

BOOST_AUTO_TEST_CASE(a_hook_below_that_changes_the_key_while_it_is_stored_wins) {
  struct Remover final : ICacheHook {
    std::function<void()> call;
    bool calling = false;
    void before(const CacheCall& told) override {
      if (told.operation == CacheOperation::write) run();
    }
    void after(const CacheCall&, const CacheCallResult&, std::chrono::nanoseconds) override {}
    void on_error(const CacheCall&, const Error&, std::chrono::nanoseconds) override {}
    void run() {
      if (std::exchange(calling, true)) return;
      call();
      calling = false;
    }
  };
  for (const bool refresh : {false, true}) {
    const auto hook = std::make_shared<Remover>();
    const auto cache = over(std::make_shared<HookedCache>(std::make_shared<MemoryCache>(),
                                                          std::vector<std::shared_ptr<ICacheHook>>{hook}));
    int removed = 0;
    hook->call = [&] { removed += cache->remove("k").ok() ? 1 : 0; };
    Computation how;
    how.factory = []() -> Result<Computed> { return Computed{"v", {}}; };
    how.refresh = refresh;
    auto answer = std::async(std::launch::async, [&] { return cache->remember("k", 1min, how); });
    BOOST_REQUIRE((answer.wait_for(10s) == std::future_status::ready));
    BOOST_TEST(answer.get().hit());
    BOOST_TEST(removed == 1);
    BOOST_TEST(cache->get("k").miss());
  }
}

BOOST_AUTO_TEST_CASE(a_change_waits_until_a_value_is_stored_and_comes_after_it) {
  struct Gate final : ICacheHook {
    std::latch reached{1};
    std::latch open{1};
    void before(const CacheCall& told) override {
      if (told.operation != CacheOperation::write) return;
      reached.count_down();
      open.wait();
    }
    void after(const CacheCall&, const CacheCallResult&, std::chrono::nanoseconds) override {}
    void on_error(const CacheCall&, const Error&, std::chrono::nanoseconds) override {}
  };
  const auto gate = std::make_shared<Gate>();
  const auto cache = over(std::make_shared<HookedCache>(std::make_shared<MemoryCache>(),
                                                        std::vector<std::shared_ptr<ICacheHook>>{gate}));
  std::thread computer([&] { (void)cache->remember("k", 1min, [] { return "v"; }); });
  gate->reached.wait();
  auto removal = std::async(std::launch::async, [&] { return cache->remove("k").value(); });
  BOOST_TEST((removal.wait_for(5ms) == std::future_status::timeout));
  gate->open.count_down();
  computer.join();
  BOOST_REQUIRE((removal.wait_for(10s) == std::future_status::ready));
  BOOST_TEST(removal.get());
  BOOST_TEST(cache->get("k").miss());
}

BOOST_AUTO_TEST_CASE(the_numbers_of_hits_and_misses_never_fall) {
  const auto below = std::make_shared<MoodyCache>();
  const auto cache = over(below);
  std::atomic<bool> done{false};
  std::atomic<int> fallen{0};
  std::thread observer([&] {
    CacheStatistics last;
    while (!done) {
      const auto now = cache->statistics();
      if (now.hits < last.hits || now.misses < last.misses) ++fallen;
      last = now;
    }
  });
  std::vector<std::thread> callers;
  for (int number = 0; number < 2; ++number)
    callers.emplace_back([&] {
      for (int round = 0; round < 2000; ++round)
        (void)cache->remember(std::to_string(round), 1min, [] { return "v"; });
    });
  for (auto& caller : callers)
    caller.join();
  done = true;
  observer.join();
  BOOST_TEST(fallen == 0);
}

BOOST_AUTO_TEST_SUITE_END()
