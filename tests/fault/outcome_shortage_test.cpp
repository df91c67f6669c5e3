// Memory runs out at each place of each change, in both forms: what says that it was not done was not done.

#include "shortage_rows.hpp"
#include "support/failing_allocations.hpp"
#include "support/redis_server.hpp"
#include "support/sanitized.hpp"
#include "support/scripted_server.hpp"
#include "support/wait_until.hpp"

#include <cachesite/async_call.hpp>
#include <cachesite/cache.hpp>
#include <cachesite/load.hpp>
#include <cachesite/memory_cache.hpp>
#include <cachesite/redis_cache.hpp>
#include <cachesite/redis_connection.hpp>
#include <cachesite/redis_stream_queue_site.hpp>
#include <cachesite/write_policy_cache.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;
using test::FailingAllocations;

BOOST_AUTO_TEST_SUITE(outcome_shortage)

namespace {

constexpr std::array<std::string_view, 2> keys{"a key that is longer than what a string has room for",
                                               "another one that is longer than what it has room for"};

// Two entries.
using Entries = std::array<CacheEntry, 2>;

const Entries before{CacheEntry{keys[0], ByteView("1"), 1h}, CacheEntry{keys[1], ByteView("1"), 1h}};
const Entries after{CacheEntry{keys[0], ByteView("2"), 1h}, CacheEntry{keys[1], ByteView("2"), 1h}};

// Which of the two keys were certainly not changed. None, when the call threw.
using Unchanged = std::array<bool, 2>;

template <class R>
bool not_done(const R& result) {
  return !result.ok() && result.error().outcome() == Outcome::not_done;
}
template <class R>
Unchanged first_of(const R& result) {
  return {not_done(result), true};
}
template <class R>
Unchanged all_of(const R& result) {
  return {not_done(result), not_done(result)};
}
template <class R>
Unchanged each_of(const std::vector<R>& results) {
  return {not_done(results[0]), not_done(results[1])};
}
// The batch as a whole fails when none of it was done.
template <class R>
Unchanged each_of(const Status& asked, const std::vector<R>& results) {
  return asked.ok() ? each_of(results) : all_of(asked);
}

struct Change {
  const char* name;
  Unchanged (*make)(ICache&);
};

const std::vector<Change>& changes() {
  static const std::vector<Change> all{
      {"write", [](ICache& cache) { return first_of(cache.write(keys[0], "2", 1h)); }},
      {"replace", [](ICache& cache) { return first_of(cache.replace(keys[0], "2", 1h)); }},
      {"increment", [](ICache& cache) { return first_of(cache.increment(keys[0], 1, 1h)); }},
      {"remove", [](ICache& cache) { return first_of(cache.remove(keys[0])); }},
      {"set_many", [](ICache& cache) { return each_of(cache.set_many(after)); }},
      {"remove_many", [](ICache& cache) { return each_of(cache.remove_many(keys)); }},
      {"remove_matching", [](ICache& cache) { return all_of(cache.remove_matching("*")); }},
      {"async_write", [](ICache& cache) { return first_of(cache.async_write(keys[0], "2", 1h).wait()); }},
      {"async_replace", [](ICache& cache) { return first_of(cache.async_replace(keys[0], "2", 1h).wait()); }},
      {"async_increment",
       [](ICache& cache) { return first_of(cache.async_increment(keys[0], 1, 1h).wait()); }},
      {"async_remove", [](ICache& cache) { return first_of(cache.async_remove(keys[0]).wait()); }},
      {"async_set_many",
       [](ICache& cache) {
         std::vector<Status> stored(2, Status(Done{}));
         const auto asked = cache.async_set_many(after, stored).wait();
         return each_of(asked, stored);
       }},
      {"async_remove_many",
       [](ICache& cache) {
         std::vector<Result<bool>> removed(2, Result<bool>(false));
         const auto asked = cache.async_remove_many(keys, removed).wait();
         return each_of(asked, removed);
       }},
      {"async_remove_matching",
       [](ICache& cache) { return all_of(cache.async_remove_matching("*").wait()); }},
  };
  return all;
}

struct Ended {
  bool reached = false;
  Unchanged unchanged{};
};

template <class Make>
Ended with_one_failing(FailingAllocations::On where, long failing, Make&& make) {
  Ended ended;
  FailingAllocations failures(where, failing);
  try {
    ended.unchanged = make();
  } catch (const std::bad_alloc&) {
  }
  failures.end();
  ended.reached = failures.reached();
  return ended;
}

bool holds_ones(ICache& cache) {
  const auto found = cache.get_many(keys);
  return found[0].hit() && found[0].value().text() == "1" && found[1].hit() && found[1].value().text() == "1";
}

void check_each_change(FailingAllocations::On where) {
  for (const auto& row : test::shortage_rows()) {
    const auto site = load_component_site_from_text(row.file, Format::yaml);
    const auto cache = site->query_component<ICache>();
    if (!cache || row.component_class == "NullCache") continue;
    const auto begin_anew = [&] {
      (void)cache->set_many(before);
      return holds_ones(*cache);
    };
    for (const auto& change : changes()) {
      BOOST_TEST_CONTEXT(row.component_class << " " << row.variant << ": " << change.name) {
        const long step = test::sanitized ? 3 : 1;
        for (long failing = 0;; failing += step) {
          BOOST_REQUIRE(failing < 2'000);
          BOOST_REQUIRE(test::wait_until(begin_anew));
          const auto ended = with_one_failing(where, failing, [&] { return change.make(*cache); });
          const auto found = cache->get_many(keys);
          for (std::size_t place = 0; place < keys.size(); ++place)
            if (ended.unchanged[place])
              BOOST_TEST(
                  (found[place].failed() || (found[place].hit() && found[place].value().text() == "1")),
                  "allocation " << failing << ", key " << place);
          if (!ended.reached) {
            BOOST_TEST_MESSAGE(row.component_class << " " << row.variant << ", " << change.name << ": "
                                                   << failing);
            break;
          }
        }
      }
    }
    BOOST_TEST(site->stop_within(30s).empty());
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(what_says_that_it_was_not_done_when_the_caller_had_no_memory_was_not_done) {
  check_each_change(FailingAllocations::On::this_thread);
}

BOOST_AUTO_TEST_CASE(what_says_that_it_was_not_done_when_its_carrier_had_no_memory_was_not_done) {
  check_each_change(FailingAllocations::On::other_threads);
}

// Each is more than half of what one round may store.
BOOST_AUTO_TEST_CASE(a_round_without_memory_says_nothing_of_the_rounds_before_it) {
  const test::RedisServer server;
  RedisCacheOptions options;
  options.host = "127.0.0.1";
  options.port = server.port();
  RedisCache cache(options);
  const std::string large(3 * 1024 * 1024, 'v');
  for (const bool async : {false, true}) {
    for (long failing = 0;; ++failing) {
      BOOST_REQUIRE(failing < 500);
      BOOST_REQUIRE(test::wait_until([&] { return cache.clear().ok(); }));
      // A round that nobody waits for any more may be stored later.
      const std::array names{std::string(keys[0]) + std::to_string(failing),
                             std::string(keys[1]) + std::to_string(failing)};
      const Entries entries{CacheEntry{names[0], ByteView(large), 1h},
                            CacheEntry{names[1], ByteView(large), 1h}};
      const auto ended = with_one_failing(FailingAllocations::On::this_thread, failing, [&] {
        if (!async) return each_of(cache.set_many(entries));
        std::vector<Status> stored(2, Status(Done{}));
        const auto asked = cache.async_set_many(entries, stored).wait();
        return each_of(asked, stored);
      });
      for (std::size_t place = 0; place < keys.size(); ++place)
        if (ended.unchanged[place])
          BOOST_TEST(!cache.contains(names[place]).value_or(false),
                     "allocation " << failing << ", key " << place);
      if (!ended.reached) break;
    }
  }
}

BOOST_AUTO_TEST_CASE(what_a_connection_says_was_not_done_without_memory_was_not_done) {
  const test::RedisServer server;
  test::RedisProbe probe(server.address());
  RedisConnectionComponentOptions options;
  options.host = "127.0.0.1";
  options.port = server.port();
  RedisConnection redis(options);
  const auto script =
      redis.make_script("return {redis.call('INCR', KEYS[1]), 'and a text that needs memory to be read'}");
  const std::vector<RedisCommand> increments(2, RedisCommand("INCR", "n"));
  const std::vector<std::pair<const char*, std::function<bool()>>> calls{
      {"call",
       [&] {
         return not_done(redis.call({"INCR", "n"}));
       }},
      {"integer",
       [&] {
         return not_done(redis.integer({"INCR", "n"}));
       }},
      {"text",
       [&] {
         return not_done(redis.text({"GETSET", "text", "another"}));
       }},
      {"run", [&] { return not_done(redis.run(script, {ByteView("n")}, {})); }},
      {"transact", [&] { return not_done(redis.transact(increments)); }},
      {"async_call",
       [&] {
         return not_done(redis.async_call({"INCR", "n"}).wait());
       }},
  };
  for (const auto& [name, make] : calls)
    for (long failing = 0;; ++failing) {
      BOOST_REQUIRE(failing < 500);
      BOOST_REQUIRE(test::wait_until([&] { return redis.call({"MSET", "n", "0", "text", keys[0]}).ok(); }));
      FailingAllocations failures(FailingAllocations::On::this_thread, failing);
      bool certainly_not = false;
      try {
        certainly_not = make();
      } catch (const std::bad_alloc&) {  // of the command
      }
      failures.end();
      const bool unchanged =
          probe.checked({"GET", "n"}).text == "0" && probe.checked({"GET", "text"}).text == keys[0];
      BOOST_TEST((!certainly_not || unchanged), name << ", allocation " << failing);
      if (!failures.reached()) break;
    }
}

// Which executes what it does not answer.
BOOST_AUTO_TEST_CASE(a_change_that_was_sent_and_not_answered_may_be_done_without_memory_to_say_so) {
  test::ScriptedServer server(test::ScriptedServer::after_setup([](const test::ScriptedCommand& command) {
    return test::ScriptedAnswer{command.name() == "SETEX" || command.name() == "SET" ? "" : "+OK\r\n"};
  }));
  RedisCacheOptions options;
  options.host = "127.0.0.1";
  options.port = server.port();
  options.socket_timeout = 20ms;
  options.breaker_failures = 0;
  const auto received = [&] { return server.count("SETEX") + server.count("SET"); };
  for (long failing = 0;; ++failing) {
    BOOST_REQUIRE(failing < 500);
    RedisCache cache(options);
    cache.start();
    BOOST_REQUIRE(test::wait_until([&] { return cache.health().state == HealthState::up; }));
    const auto before = received();
    FailingAllocations failures(FailingAllocations::On::this_thread, failing);
    const bool certainly_not = not_done(cache.write(keys[0], "2", 1h));
    failures.end();
    BOOST_TEST((!certainly_not || received() == before), "allocation " << failing);
    if (!failures.reached()) break;
  }
}

BOOST_AUTO_TEST_CASE(a_value_that_finds_no_memory_on_its_way_to_the_queue_leaves_the_queue_whole) {
  WritePolicyCacheOptions options;
  options.over = Reference<ICache>(std::make_shared<MemoryCache>());
  options.wait_limit = 2s;
  WritePolicyCache cache(options);
  std::atomic<int> written{0};
  const IWritePolicyCache::Writer writer = [&](std::string_view, std::optional<ByteView>) -> Status {
    ++written;
    return Done{};
  };
  int queued = 0;
  for (long failing = 0;; ++failing) {
    BOOST_REQUIRE(failing < 500);
    FailingAllocations failures(FailingAllocations::On::this_thread, failing);
    const auto behind = cache.write_behind(keys[0], "2", 1h, writer);
    failures.end();
    queued += behind.ok() ? 1 : 0;
    // It waits for all that is on its way to the origin.
    BOOST_TEST(cache.write_through(keys[0], "3", 1h, writer).ok(), "allocation " << failing);
    BOOST_TEST(written == queued + failing + 1);
    if (!failures.reached()) break;
  }
  BOOST_TEST(cache.write_policy_statistics().waiting == 0U);
}

BOOST_AUTO_TEST_CASE(an_acknowledgement_without_memory_is_made_up_for) {
  const test::RedisServer server;
  RedisStreamQueueSiteOptions options;
  options.host = "127.0.0.1";
  options.port = server.port();
  options.redeliver_after = 10min;
  RedisStreamQueueSite site(options);
  const auto producer = site.get_producer("orders");
  const auto consumer = site.get_consumer("orders");
  for (const bool asynchronous : {false, true})
    for (long failing = 0;; ++failing) {
      BOOST_REQUIRE(failing < 500);
      BOOST_REQUIRE(test::wait_until([&] { return producer->send("order").ok(); }));
      std::optional<QueueMessage> message;
      BOOST_REQUIRE(test::wait_until([&] {
        auto received = consumer->receive(1s);
        if (received.ok()) message = std::move(received).value();
        return message.has_value();
      }));
      FailingAllocations failures(FailingAllocations::On::this_thread, failing);
      try {
        (void)(asynchronous ? message->async_acknowledge().wait() : message->acknowledge());
      } catch (const std::bad_alloc&) {
      }
      failures.end();
      if (!message->settled()) BOOST_TEST(message->acknowledge().ok());
      BOOST_TEST(test::wait_until([&] {
        (void)consumer->receive(0ms);
        const auto counts = site.counts("orders");
        return counts.ok() && counts.value().delivered == 0U;
      }));
      if (!failures.reached()) break;
    }
}

BOOST_AUTO_TEST_SUITE_END()
