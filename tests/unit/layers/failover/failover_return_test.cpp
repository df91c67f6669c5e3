// How a FailoverCache comes back to its first cache: what was changed meanwhile is not served, and no call
// waits for all of it.

#include "support/collecting_logger.hpp"
#include "support/fake_clock.hpp"
#include "support/faulty_cache.hpp"
#include "support/wait_until.hpp"

#include <cachesite/failover_cache.hpp>
#include <cachesite/hooked_cache.hpp>
#include <cachesite/memory_cache.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <sys/wait.h>
#include <unistd.h>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(failover_return)

namespace {

const Error outage(ErrorCode::unreachable, "no server");

/// A cache that does not know which keys it has.
class WithoutKeys final : public CacheLayer {
 public:
  using CacheLayer::CacheLayer;

 protected:
  void do_begin(CacheRequest& request) override {
    if (request.operation != CacheOperation::remove_matching && request.operation != CacheOperation::clear)
      return forward(request);
    request.fail(Error(ErrorCode::unsupported, "no keys"));
  }
};

/// A cache that takes as long as a test wants to clear it.
class SlowToClear final : public CacheLayer {
 public:
  using CacheLayer::CacheLayer;
  std::atomic<bool> waits{false};
  std::atomic<bool> waiting{false};

 protected:
  void do_begin(CacheRequest& request) override {
    while (waits && request.operation == CacheOperation::clear) {
      waiting = true;
      std::this_thread::yield();
    }
    forward(request);
  }
};

struct Fixture {
  explicit Fixture(std::chrono::milliseconds retry_after = 250ms, std::uint32_t remembered_keys = 10'000,
                   std::shared_ptr<ICache> below_first = nullptr) {
    if (below_first) first = std::make_shared<FaultyCache>(std::move(below_first));
    FailoverCacheOptions options;
    options.over = Reference<ICache>(first);
    options.failover = Reference<ICache>(second);
    options.retry_after = retry_after;
    options.remembered_keys = remembered_keys;
    ComponentContext context;
    context.clock = clock;
    cache = std::make_unique<FailoverCache>(options, context);
  }
  std::string in(ICache& where, std::string_view key) {
    const auto found = where.get(key);
    return found.hit() ? std::string(found.value().text()) : found.failed() ? "failed" : "miss";
  }
  [[nodiscard]] std::uint64_t left() const { return cache->failover_statistics().keys_to_repair; }
  void next_try() { clock->advance(1s); }

  std::shared_ptr<FakeClock> clock = std::make_shared<FakeClock>();
  std::shared_ptr<FaultyCache> first = std::make_shared<FaultyCache>(std::make_shared<MemoryCache>());
  std::shared_ptr<FaultyCache> second = std::make_shared<FaultyCache>(std::make_shared<MemoryCache>());
  std::unique_ptr<FailoverCache> cache;
};

using Change = std::pair<std::string_view, std::function<void(ICache&)>>;

// Every change of the entry `user:1`, whose value is 7.
const std::array<Change, 11> changes{{
    {"write", [](ICache& cache) { (void)cache.write("user:1", "2", 1h); }},
    {"add", [](ICache& cache) { (void)cache.add("user:1", "2", 1h); }},
    {"replace", [](ICache& cache) { (void)cache.replace("user:1", "2", 1h); }},
    {"increment", [](ICache& cache) { (void)cache.increment("user:1", 1, 1h); }},
    {"remove", [](ICache& cache) { (void)cache.remove("user:1"); }},
    {"expire", [](ICache& cache) { (void)cache.expire("user:1", 1ms); }},
    {"persist", [](ICache& cache) { (void)cache.persist("user:1"); }},
    {"set_many",
     [](ICache& cache) {
       (void)cache.set_many({{"user:1", "2", 1h}});
     }},
    {"remove_many", [](ICache& cache) { (void)cache.remove_many({"user:1"}); }},
    {"remove_matching", [](ICache& cache) { (void)cache.remove_matching("user:*"); }},
    {"clear", [](ICache& cache) { (void)cache.clear(); }},
}};

// Every question about that entry. True when its old value shows.
using Question = std::pair<std::string_view, std::function<bool(ICache&)>>;
const std::array<Question, 10> questions{{
    {"get", [](ICache& cache) { return cache.get("user:1").hit(); }},
    {"contains", [](ICache& cache) { return cache.contains("user:1").value_or(false); }},
    {"time_to_live",
     [](ICache& cache) { return cache.time_to_live("user:1").value().state != Remaining::State::absent; }},
    {"get_many",
     [](ICache& cache) {
       return cache.get_many({"other", "user:1"})[1].hit();
     }},
    {"time_to_live_many",
     [](ICache& cache) {
       const std::array<std::string_view, 2> keys{"other", "user:1"};
       std::vector<Result<Remaining>> left(2, Result<Remaining>(Remaining{}));
       cache.time_to_live_many(keys, left);
       return left[1].value().state != Remaining::State::absent;
     }},
    {"scan",
     [](ICache& cache) {
       std::size_t found = 0;
       for (const auto& key : cache.keys("user:*"))
         found += key == "user:1" ? 1U : 0U;
       return found > 0;
     }},
    {"replace", [](ICache& cache) { return cache.replace("user:1", "3", 1h).value_or(false); }},
    {"increment", [](ICache& cache) { return cache.increment("user:1", 10, 1h).value_or(0) != 10; }},
    {"expire", [](ICache& cache) { return cache.expire("user:1", 1h).value_or(false); }},
    {"add", [](ICache& cache) { return !cache.add("user:1", "3", 1h).value_or(false); }},
}};

}  // namespace

BOOST_AUTO_TEST_CASE(no_call_shows_what_any_change_during_the_outage_made_out_of_date) {
  for (const auto& [change_name, change] : changes)
    for (const auto& [question_name, question] : questions)
      for (const bool is_first : {true, false})
        BOOST_TEST_CONTEXT(change_name << ", then " << question_name
                                       << (is_first ? " as the first call" : "")) {
          Fixture f;
          BOOST_REQUIRE(f.cache->set_value("user:1", "7", 1h));
          BOOST_REQUIRE(f.cache->set_value("other", "x", 1h));
          f.first->fail(outage);
          change(*f.cache);
          f.first->work();
          f.next_try();
          if (!is_first) {
            BOOST_TEST(f.cache->size().ok());
            BOOST_TEST(!f.cache->failover_statistics().down);
          }
          BOOST_TEST(!question(*f.cache));
        }
}

BOOST_AUTO_TEST_CASE(a_failure_of_any_call_on_the_way_back_loses_no_change) {
  for (const auto& [name, change] : changes)
    for (std::uint64_t after = 0; after < 6; ++after)
      BOOST_TEST_CONTEXT(name << ", a failure after " << after << " calls") {
        Fixture f;
        BOOST_REQUIRE(f.cache->set_value("user:1", "7", 1h));
        f.first->fail(outage);
        change(*f.cache);
        BOOST_TEST(f.in(*f.cache, "user:1") != "7");
        f.first->fail_once_after(after, outage);
        for (int round = 0; round < 4; ++round) {
          f.next_try();
          BOOST_TEST(f.in(*f.cache, "elsewhere") == "miss");
          BOOST_TEST(f.in(*f.cache, "user:1") != "7");
        }
        BOOST_TEST(!f.cache->failover_statistics().down);
        BOOST_TEST(f.left() == 0U);
        BOOST_TEST(f.in(*f.first, "user:1") == "miss");
      }
}

BOOST_AUTO_TEST_CASE(what_was_changed_on_the_way_back_does_not_come_up_in_the_next_outage) {
  for (const auto& [name, change] : changes)
    BOOST_TEST_CONTEXT(name) {
      Fixture f;
      f.first->fail(outage);
      BOOST_REQUIRE(f.cache->set_value("user:1", "7", 1h));
      BOOST_TEST(f.in(*f.second, "user:1") == "7");
      f.first->work();
      f.next_try();
      BOOST_TEST(f.cache->size().ok());  // finds that it works, and removes nothing yet
      BOOST_TEST(f.left() == 1U);
      change(*f.cache);
      f.first->fail(outage);
      BOOST_TEST(f.in(*f.cache, "elsewhere") == "miss");
      BOOST_TEST(f.in(*f.cache, "user:1") == "miss");
    }
}

BOOST_AUTO_TEST_CASE(what_a_repeated_outage_finds_to_be_removed_is_removed_after_it) {
  for (const auto& [name, change] : changes)
    BOOST_TEST_CONTEXT(name) {
      Fixture f;
      BOOST_REQUIRE(f.cache->set_value("user:1", "7", 1h));
      f.first->fail(outage);
      change(*f.cache);
      for (int attempt = 0; attempt < 3; ++attempt) {
        f.next_try();
        BOOST_TEST(f.in(*f.cache, "elsewhere") == "miss");
        BOOST_TEST(f.cache->failover_statistics().down);
      }
      f.first->work();
      f.next_try();
      BOOST_TEST(f.in(*f.cache, "elsewhere") == "miss");
      BOOST_TEST(f.in(*f.cache, "user:1") == "miss");
    }
}

BOOST_AUTO_TEST_CASE(a_cache_that_removes_nothing_is_read_but_for_what_is_to_be_removed) {
  for (const auto& [name, change] : changes)
    BOOST_TEST_CONTEXT(name) {
      Fixture f;
      BOOST_REQUIRE(f.cache->set_value("user:1", "7", 1h));
      f.first->fail(outage);
      change(*f.cache);
      f.first->fail_removals(Error(ErrorCode::refused, "MISCONF the disk is full"));
      BOOST_REQUIRE(f.first->set_value("new", "x", 1h));
      const bool is_all = name == "clear";
      for (int round = 0; round < 3; ++round) {
        f.next_try();
        BOOST_TEST(f.in(*f.cache, "new") == (is_all ? "miss" : "x"));
        BOOST_TEST(f.in(*f.cache, "user:1") != "7");
        BOOST_TEST(f.in(*f.cache, "user:1") != "failed");
      }
      f.first->work();
      f.next_try();
      BOOST_TEST(f.in(*f.cache, "user:1") == "miss");
      for (int round = 0; round < 3; ++round) {
        f.next_try();
        (void)f.cache->get("elsewhere");
      }
      BOOST_TEST(f.left() == 0U);
    }
}

BOOST_AUTO_TEST_CASE(what_the_first_cache_can_never_remove_is_given_up) {
  for (const auto& [name, change] : changes) {
    if (name != "remove_matching" && name != "clear") continue;
    BOOST_TEST_CONTEXT(name) {
      Fixture f(250ms, 10'000, std::make_shared<WithoutKeys>(std::make_shared<MemoryCache>()));
      f.first->fail(outage);
      BOOST_REQUIRE(f.cache->set_value("user:1", "2", 1h));
      change(*f.cache);
      f.first->work();
      for (int round = 0; round < 4; ++round) {
        f.next_try();
        (void)f.cache->get("elsewhere");
      }
      BOOST_TEST(f.left() == 0U);
      BOOST_TEST(f.cache->failover_statistics().forgotten_keys == 1U);
      BOOST_REQUIRE(f.cache->set_value("user:1", "3", 1h));
      BOOST_TEST(f.in(*f.cache, "user:1") == "3");
      BOOST_TEST(f.in(*f.first, "user:1") == "3");
    }
  }
}

BOOST_AUTO_TEST_CASE(a_forked_child_removes_what_is_owed_though_a_thread_of_its_parent_was_at_it) {
  const auto below = std::make_shared<SlowToClear>(std::make_shared<MemoryCache>());
  Fixture f(250ms, 10'000, below);
  f.first->fail(outage);
  BOOST_REQUIRE(f.cache->clear().ok());
  f.first->work();
  f.next_try();
  (void)f.cache->get("elsewhere");
  below->waits = true;
  std::thread helper([&] { (void)f.cache->get("elsewhere"); });
  const bool is_at_it = wait_until([&] { return below->waiting.load(); });
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(60);
    below->waits = false;
    (void)f.cache->get("elsewhere");
    ::_exit(f.cache->set_value("key", "v", 1h) && f.in(*f.cache, "key") == "v" ? 0 : 1);
  }
  below->waits = false;
  helper.join();
  int status = -1;
  ::waitpid(child, &status, 0);
  BOOST_TEST(is_at_it);
  BOOST_TEST((WIFEXITED(status) && WEXITSTATUS(status) == 0));
}

BOOST_AUTO_TEST_CASE(what_comes_back_is_a_batch_with_each_call_and_the_rest_is_not_waited_for) {
  Fixture f(250ms, 100'000);
  f.first->fail(outage);
  for (int number = 0; number < 10'000; ++number)
    (void)f.cache->set_value("key" + std::to_string(number), "x", 1h);
  BOOST_REQUIRE(f.left() == 10'000U);
  f.first->work();
  f.next_try();
  int calls = 0;
  while (f.left() > 0 && calls < 100) {
    const auto before = FaultyCache::calls_of_thread();
    BOOST_TEST(f.in(*f.cache, "untouched") == "miss");
    BOOST_TEST(FaultyCache::calls_of_thread() - before <= 3U);  // one of them by the second cache
    ++calls;
  }
  BOOST_TEST(f.left() == 0U);
  BOOST_TEST(calls > 2);
  BOOST_TEST(!f.cache->failover_statistics().down);
  BOOST_TEST(f.cache->failover_statistics().repaired_keys == 10'000U);
  const auto before = f.first->calls();
  BOOST_TEST(f.in(*f.cache, "untouched") == "miss");
  BOOST_TEST(f.first->calls() == before + 1);
}

BOOST_AUTO_TEST_CASE(forty_thousand_writes_a_second_keep_no_call_and_no_cache_from_coming_back) {
  Fixture f(1ms);
  f.first->take(1ms);
  f.first->fail(outage);
  std::atomic<bool> done{false};
  std::atomic<std::uint64_t> written{0};
  std::atomic<std::uint64_t> most_calls{0};
  std::atomic<std::int64_t> longest{0};
  std::atomic<bool> back{false};
  const auto raise = [](auto& most, auto value) {
    auto before = most.load();
    while (before < value && !most.compare_exchange_weak(before, value)) {
    }
  };
  std::vector<std::thread> writers;
  for (int number = 0; number < 4; ++number)
    writers.emplace_back([&, number] {
      for (std::uint64_t round = 0; !done; ++round) {
        const auto key = std::to_string(number) + ":" + std::to_string(round);
        const bool counts = back;
        const auto calls = FaultyCache::calls_of_thread();
        const auto begin = std::chrono::steady_clock::now();
        (void)f.cache->write(key, "x", 1h);
        const auto length = std::chrono::steady_clock::now() - begin;
        ++written;
        if (!counts) continue;
        raise(most_calls, FaultyCache::calls_of_thread() - calls);
        raise(longest, std::chrono::duration_cast<std::chrono::microseconds>(length).count());
      }
    });
  BOOST_TEST(wait_until([&] { return written > 40'000; }, 60s));
  const auto begin = std::chrono::steady_clock::now();
  f.first->work();
  back = true;
  BOOST_TEST(wait_until([&] {
    f.next_try();
    const auto statistics = f.cache->failover_statistics();
    return !statistics.down && statistics.keys_to_repair == 0;
  }));
  const auto took = std::chrono::steady_clock::now() - begin;
  const auto so_far = written.load();
  BOOST_TEST(wait_until([&] { return written > so_far + 100; }));
  done = true;
  for (auto& writer : writers)
    writer.join();
  BOOST_TEST((took < 5s));
  BOOST_TEST(most_calls <= 6U);  // to both caches: what is owed, twice, and the call itself, twice
  BOOST_TEST_MESSAGE("back after " << std::chrono::duration_cast<std::chrono::milliseconds>(took).count()
                                   << " ms, longest call " << longest << " us, most calls " << most_calls);
}

BOOST_AUTO_TEST_CASE(many_threads_through_outages_never_read_what_was_overwritten_or_removed) {
  for (const bool slow : {false, true}) {
    Fixture f(0ms);
    if (slow) f.first->take(50us);
    std::atomic<bool> done{false};
    std::atomic<int> stale{0};
    std::thread outages([&] {
      while (!done) {
        f.first->fail(outage);
        std::this_thread::sleep_for(slow ? 500us : 0us);
        f.first->work();
        std::this_thread::sleep_for(slow ? 500us : 0us);
      }
      f.first->work();
    });
    std::vector<std::thread> threads;
    for (int number = 0; number < 3; ++number)
      threads.emplace_back([&, number] {
        const auto prefix = std::to_string(number) + ":";
        const int rounds = slow ? 300 : 3000;
        for (int round = 0; round < rounds; ++round) {
          const auto key = prefix + std::to_string(round % 2 == 0 ? 0 : round);
          const auto value = std::to_string(round);
          (void)f.cache->write(key, ByteView(value), 1h);
          const auto found = f.cache->get(key);
          if (found.hit() && found.value().text() != value) ++stale;
          if (round % 7 == 0)
            (void)f.cache->remove_matching(prefix + "*");
          else
            (void)f.cache->remove(key);
          if (f.cache->get(key).hit()) ++stale;
          if (f.cache->get_many({std::string_view(key)})[0].hit()) ++stale;
        }
      });
    for (auto& thread : threads)
      thread.join();
    done = true;
    outages.join();
    BOOST_TEST(stale == 0);
    const auto is_back = [&] { return f.left() == 0 && !f.cache->failover_statistics().down; };
    for (int calls = 0; calls < 10'000 && !is_back(); ++calls) {
      f.next_try();
      (void)f.cache->get("elsewhere");
    }
    BOOST_TEST(is_back());
  }
}

BOOST_AUTO_TEST_CASE(a_hook_of_the_first_cache_may_call_the_cache_while_it_comes_back) {
  struct Caller final : ICacheHook {
    std::function<void()> call;
    bool calling = false;
    void before(const CacheCall&) override {
      if (!call || std::exchange(calling, true)) return;
      call();
      calling = false;
    }
    void after(const CacheCall&, const CacheCallResult&, std::chrono::nanoseconds) override {}
    void on_error(const CacheCall&, const Error&, std::chrono::nanoseconds) override {}
  };
  const auto hook = std::make_shared<Caller>();
  const auto first = std::make_shared<FaultyCache>(std::make_shared<MemoryCache>());
  FailoverCacheOptions options;
  options.over =
      Reference<ICache>(std::make_shared<HookedCache>(first, std::vector<std::shared_ptr<ICacheHook>>{hook}));
  options.retry_after = 0ms;
  FailoverCache cache(options);
  BOOST_REQUIRE(cache.set_value("key", "old", 1h));
  first->fail(outage);
  (void)cache.remove("key");
  (void)cache.remove_matching("k*");
  first->work();
  hook->call = [&] { (void)cache.remove("key"); };
  for (int round = 0; round < 4; ++round)
    BOOST_TEST(cache.get("key").miss());
  BOOST_TEST(cache.failover_statistics().keys_to_repair == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
