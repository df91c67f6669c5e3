// Get-or-compute among programs on one Redis: one computes, owners die, others speak the same protocol.

#include "integration/lock_fixture.hpp"

#include <cachesite/logical_cache.hpp>
#include <cachesite/redis_cache.hpp>
#include <cachesite/redis_mutex_site.hpp>
#include <cachesite/remember_cache.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <memory>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;

namespace {

const std::string prefix = "spakky:cache:";
const std::string lock_prefix = prefix + "__lock__:";

struct World {
  explicit World(std::chrono::milliseconds lease = 10s, std::chrono::milliseconds wait = 30s,
                 OnLockFailure on_lock_failure = OnLockFailure::compute) {
    auto cache_options = options_at<RedisCacheOptions>(server.port());
    cache_options.prefix = prefix;
    auto lock_options = options_at<RedisMutexSiteOptions>(server.port());
    lock_options.prefix = lock_prefix;
    lock_options.poll_interval = 5ms;
    RememberCacheOptions options;
    below = start_site<RedisCache>(cache_options);
    options.over = Reference<ICache>(below);
    options.locks = Reference<IMutexSite>(start_site<RedisMutexSite>(lock_options));
    options.lease = lease;
    options.wait = wait;
    options.on_lock_failure = on_lock_failure;
    cache = std::make_shared<RememberCache>(options);
  }

  Process worker(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {CACHESITE_COMPUTE_WORKER, std::to_string(server.port()), prefix});
    ProcessOptions options;
    options.keep_input_open = true;
    return Process(std::move(arguments), options);
  }
  Process python(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(),
                     {"/usr/bin/python3", CACHESITE_FOREIGN_COMPUTE, std::to_string(server.port()), prefix});
    ProcessOptions options;
    options.keep_input_open = true;
    return Process(std::move(arguments), options);
  }
  std::string runs() const { return server.probe().get("runs").value_or("0"); }

  RedisServer server;
  std::shared_ptr<RedisCache> below;
  std::shared_ptr<RememberCache> cache;
};

std::vector<std::string> values_of(const Process& program) {
  std::vector<std::string> values;
  std::istringstream lines(program.output());
  for (std::string line; std::getline(lines, line);)
    if (line != "ready" && line != "computing") values.push_back(line);
  return values;
}

std::int64_t milliseconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin)
      .count();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(redis_remember)

BOOST_AUTO_TEST_CASE(sixty_four_threads_of_one_process_run_the_factory_once) {
  World world;
  std::atomic<int> runs{0};
  std::atomic<int> right{0};
  std::vector<std::thread> callers;
  for (int thread = 0; thread < 64; ++thread)
    callers.emplace_back([&] {
      const auto answer = world.cache->remember("k", 1min, [&] {
        ++runs;
        wait_until([&] { return world.cache->statistics().stampede_waits >= 63; }, 60s);
        return "v";
      });
      right += answer.hit() && answer.value().text() == "v";
    });
  for (auto& caller : callers)
    caller.join();
  BOOST_TEST(runs == 1);
  BOOST_TEST(right == 64);
  const auto statistics = world.cache->statistics();
  BOOST_TEST(statistics.hits == 0U);
  BOOST_TEST(statistics.misses == 64U);
  BOOST_TEST_MESSAGE("64 threads on Redis: the factory ran " << runs << " time; " << statistics.stampede_waits
                                                             << " waited, " << statistics.misses
                                                             << " misses counted");
}

BOOST_AUTO_TEST_CASE(an_old_value_stands_in_while_the_server_and_the_source_are_away) {
  RedisServer server;
  CacheOptions options;
  options.store = start_site<RedisCache>(options_at<RedisCacheOptions>(server.port()));
  options.near.emplace();
  options.remember.emplace().stale.keep = 1h;
  const auto cache = make_cache(options);
  auto& computing = *find_interface<IComputingCache>(*cache);
  const auto fail = [&] {
    return computing.remember("k", 1min, [] { return Error(ErrorCode::unreachable, "the source is away"); });
  };
  BOOST_TEST(computing.remember("k", 20ms, [] { return "old"; }).hit());
  BOOST_TEST(server.probe().get("k").value_or("") == "old");  // the bytes are those of the value alone
  BOOST_REQUIRE(wait_until([&] { return cache->get("k").miss(); }));
  server.kill();
  const auto found = fail();
  BOOST_TEST(found.stale());
  BOOST_TEST(found.value().text() == "old");
  BOOST_TEST(computing.remember("new", 1min, [] { return "computed"; }).value().text() == "computed");
  (void)cache->remove("k");
  BOOST_TEST(fail().failed());
}

BOOST_AUTO_TEST_CASE(a_batch_of_which_half_is_missing_is_one_read_one_factory_and_one_write) {
  RedisServer server;
  RememberCacheOptions options;
  const auto below = start_site<RedisCache>(options_at<RedisCacheOptions>(server.port()));
  options.over = Reference<ICache>(below);
  RememberCache cache(options);
  std::vector<std::string> names;
  for (int item = 0; item < 100; ++item)
    names.push_back("k" + std::to_string(item));
  const std::vector<std::string_view> keys(names.begin(), names.end());
  for (std::size_t item = 0; item < 100; item += 2)
    (void)cache.write(keys[item], "there", 1min);
  int factories = 0;
  const auto calls = [&] { return below->endpoint_statistics().front().answered; };
  const auto calls_before = calls();
  MonitorStream monitor = server.monitor();
  std::vector<Lookup> found(keys.size());
  cache.remember_many(
      keys, 1min,
      [&](auto missing, auto made) {
        ++factories;
        BOOST_TEST(missing.size() == 50U);
        for (std::size_t item = 0; item < missing.size(); ++item)
          made[item] = Computed{std::string(missing[item])};
      },
      found);
  std::size_t reads = 0;
  std::size_t writes = 0;
  for (const auto& command : monitor.commands_so_far()) {
    reads += command.arguments.front() == "MGET";
    writes += command.arguments.front() == "SET" || command.arguments.front() == "SETEX";
  }
  BOOST_TEST(factories == 1);
  BOOST_TEST(reads == 1U);
  BOOST_TEST(writes == 50U);  // in one batch:
  BOOST_TEST(calls() - calls_before == 2U);
  BOOST_TEST(std::all_of(found.begin(), found.end(), [](const auto& each) { return each.hit(); }));
  BOOST_TEST(found[1].value().text() == "k1");
  BOOST_TEST_MESSAGE("100 keys, 50 missing: " << factories << " call of the factory, "
                                              << calls() - calls_before << " calls of Redis with " << reads
                                              << " MGET and " << writes << " writes");
}

// Each of the two is what another process would have.
BOOST_AUTO_TEST_CASE(two_caches_with_locks_and_refresh_call_one_factory_in_each_period) {
  constexpr auto life = 400ms;
  constexpr auto period = life / 2;
  RedisServer server;
  std::mutex mutex;
  std::vector<std::chrono::steady_clock::time_point> calls;
  const auto factory = background([&] {
    const std::lock_guard lock(mutex);
    calls.push_back(std::chrono::steady_clock::now());
    return "v";
  });
  std::vector<std::shared_ptr<RememberCache>> caches;
  for (int cache = 0; cache < 2; ++cache) {
    RememberCacheOptions options;
    options.over = Reference<ICache>(start_site<RedisCache>(options_at<RedisCacheOptions>(server.port())));
    options.locks =
        Reference<IMutexSite>(start_site<RedisMutexSite>(options_at<RedisMutexSiteOptions>(server.port())));
    options.refresh.mode = RefreshMode::eager;
    options.refresh.from = 0.5;
    caches.push_back(std::make_shared<RememberCache>(options));
  }
  std::atomic<int> failed{0};
  std::vector<std::thread> readers;
  const auto end = std::chrono::steady_clock::now() + 4 * life;
  for (int reader = 0; reader < 4; ++reader)
    readers.emplace_back([&, cache = caches[static_cast<std::size_t>(reader % 2)]] {
      while (std::chrono::steady_clock::now() < end) {
        failed += !cache->remember("k", life, factory).hit();
        std::this_thread::yield();
      }
    });
  for (auto& reader : readers)
    reader.join();
  caches.clear();  // and with them their threads
  BOOST_TEST(failed == 0);
  BOOST_TEST(calls.size() >= 3U);
  for (std::size_t call = 1; call < calls.size(); ++call)
    BOOST_TEST((calls[call] - calls[call - 1] >= period * 8 / 10));
}

BOOST_AUTO_TEST_CASE(four_processes_of_sixteen_threads_run_the_factory_once) {
  World world;
  std::vector<Process> programs;
  for (int program = 0; program < 4; ++program)
    programs.push_back(world.worker({"remember", "k", "16", "200", "10000"}));
  for (auto& program : programs)
    BOOST_REQUIRE(program.wait_for_output("ready", 30s));
  const auto begin = std::chrono::steady_clock::now();
  for (auto& program : programs)
    program.write_input("go\n");
  std::size_t values = 0;
  for (auto& program : programs) {
    BOOST_TEST(program.wait_for_exit(60s).value_or(-1) == 0);
    const auto printed = values_of(program);
    values += static_cast<std::size_t>(std::count(printed.begin(), printed.end(), "value 1"));
  }
  BOOST_TEST(world.runs() == "1");
  BOOST_TEST(values == 64U);
  BOOST_TEST(!world.server.probe().exists(lock_prefix + "k"));
  BOOST_TEST_MESSAGE("4 processes x 16 threads: the factory ran "
                     << world.runs() << " time, " << values << " of 64 got its value, after "
                     << milliseconds_since(begin) << " ms of a factory of 200 ms");
}

BOOST_AUTO_TEST_CASE(exactly_one_other_takes_over_within_the_lease_when_the_owner_is_killed) {
  World world;
  constexpr std::int64_t lease = 4000;  // long enough for renewals on a busy machine
  auto owner = world.worker({"hang", "k", std::to_string(lease)});
  BOOST_REQUIRE(owner.wait_for_output("computing", 30s));
  std::vector<Process> programs;
  for (int program = 0; program < 3; ++program) {
    programs.push_back(world.worker({"remember", "k", "16", "50", std::to_string(lease)}));
    BOOST_REQUIRE(programs.back().wait_for_output("ready", 30s));
    programs.back().write_input("go\n");
  }
  // All wait: each has its first in line at the server.
  auto probe = world.server.probe();
  BOOST_REQUIRE(wait_until([&] { return probe.info("blocked_clients") == "3"; }, 20s));
  owner.kill();
  const auto begin = std::chrono::steady_clock::now();
  BOOST_REQUIRE(wait_until([&] { return world.runs() == "2"; }, 20s));
  const auto taken_over = milliseconds_since(begin);
  std::size_t values = 0;
  for (auto& program : programs) {
    BOOST_TEST(program.wait_for_exit(60s).value_or(-1) == 0);
    const auto printed = values_of(program);
    values += static_cast<std::size_t>(std::count(printed.begin(), printed.end(), "value 2"));
  }
  BOOST_TEST(world.runs() == "2");
  BOOST_TEST(values == 48U);
  BOOST_TEST(taken_over <= lease + 4000);  // for a slow machine
  BOOST_TEST_MESSAGE("kill -9 of the owner: another began after "
                     << taken_over << " ms of a lease of " << lease << " ms; the factory ran " << world.runs()
                     << " times in all, " << values << " of 48 got the value");
}

BOOST_AUTO_TEST_CASE(weakness_18_a_factory_that_is_slower_than_the_lease_runs_once) {
  World world(10s);
  auto slow = world.worker({"remember", "k", "4", "5000", "2000"});
  auto other = world.worker({"remember", "k", "4", "5000", "2000"});
  for (auto* program : {&slow, &other})
    BOOST_REQUIRE(program->wait_for_output("ready", 30s));
  for (auto* program : {&slow, &other})
    program->write_input("go\n");
  for (auto* program : {&slow, &other})
    BOOST_TEST(program->wait_for_exit(60s).value_or(-1) == 0);
  BOOST_TEST(world.runs() == "1");
}

BOOST_AUTO_TEST_CASE(weakness_18_an_owner_that_stood_still_neither_overwrites_nor_unlocks_its_successor) {
  World world;
  auto owner = world.worker({"hang", "k", "500"});
  BOOST_REQUIRE(owner.wait_for_output("computing", 30s));
  owner.signal(SIGSTOP);
  const auto successor = world.cache->remember("k", 10min, [&] {
    // The old owner wakes up, ends, and gives back what is not its own any more.
    owner.close_input();
    owner.signal(SIGCONT);
    BOOST_TEST(owner.wait_for_exit(30s).value_or(-1) == 0);
    BOOST_TEST(world.server.probe().exists(lock_prefix + "k"));
    BOOST_TEST(!world.server.probe().exists(prefix + "k"));
    return "new value";
  });
  BOOST_TEST(successor.value().text() == "new value");
  BOOST_TEST(owner.output() == "computing\nlate value\n");  // its caller got what it computed
  BOOST_TEST(world.server.probe().get(prefix + "k").value_or("") == "new value");
}

BOOST_AUTO_TEST_CASE(weakness_18_a_process_that_waits_does_not_keep_asking_the_server) {
  World world;
  auto owner = world.worker({"hang", "k", "60000"});
  BOOST_REQUIRE(owner.wait_for_output("computing", 30s));
  std::vector<std::thread> callers;
  for (int thread = 0; thread < 16; ++thread)
    callers.emplace_back([&] { (void)world.cache->remember("k", 1min, [] { return "never"; }); });
  auto probe = world.server.probe();
  BOOST_REQUIRE(wait_until([&] { return probe.info("blocked_clients") == "1"; }, 20s));
  const auto before = std::stoll(probe.info("total_commands_processed"));
  const auto begin = std::chrono::steady_clock::now();
  wait_until([&] { return milliseconds_since(begin) > 500; });
  const auto commands = std::stoll(probe.info("total_commands_processed")) - before;
  BOOST_TEST(commands < 100);  // spakky's 16 threads would have sent some 1600
  BOOST_TEST_MESSAGE("16 threads that waited for half a second sent " << commands << " commands");
  owner.close_input();
  for (auto& caller : callers)
    caller.join();
  BOOST_TEST(world.server.probe().get(prefix + "k").value_or("") == "late value");
}

BOOST_AUTO_TEST_CASE(a_failed_factory_gives_the_lock_back_and_the_next_process_computes) {
  World world;
  auto other = world.worker({"remember", "k", "4", "0", "60000"});
  BOOST_REQUIRE(other.wait_for_output("ready", 30s));
  const auto failed = world.cache->remember("k", 10min, [&]() -> std::string {
    other.write_input("go\n");
    auto probe = world.server.probe();
    wait_until([&] { return probe.info("blocked_clients") == "1"; }, 20s);
    throw std::runtime_error("no database");
  });
  BOOST_TEST(failed.error().message() == "no database");
  BOOST_TEST(other.wait_for_exit(30s).value_or(-1) == 0);
  BOOST_TEST(world.runs() == "1");
  BOOST_TEST(world.server.probe().get(prefix + "k").value_or("") == "value 1");
}

BOOST_AUTO_TEST_CASE(who_waits_for_another_process_for_too_long_computes_or_fails_as_it_is_set) {
  for (const auto choice : {OnLockFailure::compute, OnLockFailure::error}) {
    World world(10s, 100ms, choice);
    world.server.probe().set(lock_prefix + "k", "somebody");
    std::atomic<int> runs{0};
    const auto answer = world.cache->remember("k", 1min, [&] {
      ++runs;
      return "own";
    });
    if (choice == OnLockFailure::compute) {
      BOOST_TEST(answer.value().text() == "own");
      BOOST_TEST(world.server.probe().get(prefix + "k").value_or("") == "own");
    } else {
      BOOST_REQUIRE(answer.failed());
      BOOST_TEST((answer.error().code() == ErrorCode::timeout));
      BOOST_TEST(runs == 0);
    }
    BOOST_TEST(world.server.probe().get(lock_prefix + "k").value_or("") == "somebody");
  }
}

BOOST_AUTO_TEST_CASE(without_a_server_the_factory_runs_at_once_and_its_value_is_returned) {
  World world;
  world.server.kill();
  std::atomic<int> runs{0};
  std::vector<std::thread> callers;
  std::atomic<int> right{0};
  for (int thread = 0; thread < 16; ++thread)
    callers.emplace_back([&] {
      const auto answer = world.cache->remember("k", 1min, [&] {
        ++runs;
        wait_until([&] { return world.cache->statistics().stampede_waits >= 15; }, 60s);
        return "v";
      });
      right += answer.hit();
    });
  for (auto& caller : callers)
    caller.join();
  BOOST_TEST(runs == 1);
  BOOST_TEST(right == 16);
}

BOOST_AUTO_TEST_CASE(a_spakky_program_waits_for_this_one_and_takes_its_value) {
  World world;
  Lookup answer;
  std::optional<Process> foreign;
  answer = world.cache->remember("user:1", 10min, [&] {
    const auto token = world.server.probe().get("spakky:cache:__lock__:user:1").value_or("");
    BOOST_TEST(token != "");
    foreign.emplace(world.python({"get", "user:1", "theirs"}));
    BOOST_TEST(foreign->wait_for_output("waiting", 60s));
    return "ours";
  });
  BOOST_TEST(answer.value().text() == "ours");
  BOOST_TEST(foreign->wait_for_exit(60s).value_or(-1) == 0);
  BOOST_TEST(foreign->output() == "waiting\nvalue ours\n");
  BOOST_TEST(world.runs() == "0");
}

BOOST_AUTO_TEST_CASE(this_program_waits_for_a_spakky_one_and_takes_its_value) {
  World world;
  auto foreign = world.python({"compute", "user:1", "theirs"});
  BOOST_REQUIRE(foreign.wait_for_output("computing", 60s));
  const auto token = world.server.probe().get("spakky:cache:__lock__:user:1").value_or("");
  BOOST_TEST(token.size() == 32U);
  std::atomic<int> runs{0};
  Lookup answer;
  std::thread caller([&] {
    answer = world.cache->remember("user:1", 10min, [&] {
      ++runs;
      return "ours";
    });
  });
  BOOST_TEST(wait_until([&] { return world.cache->statistics().stampede_waits == 1; }));
  foreign.close_input();
  caller.join();
  BOOST_TEST(foreign.wait_for_exit(60s).value_or(-1) == 0);
  BOOST_TEST(answer.value().text() == "theirs");
  BOOST_TEST(runs == 0);
  BOOST_TEST(world.runs() == "1");
}

BOOST_AUTO_TEST_CASE(the_lock_of_a_dead_spakky_program_is_taken_over_when_it_expires) {
  World world;
  world.server.probe().checked({"SET", "spakky:cache:__lock__:user:1", std::string(32, 'a'), "PX", "700"});
  const auto begin = std::chrono::steady_clock::now();
  const auto answer = world.cache->remember("user:1", 10min, [] { return "ours"; });
  BOOST_TEST(answer.value().text() == "ours");
  BOOST_TEST(milliseconds_since(begin) >= 500);
  BOOST_TEST(!world.server.probe().exists("spakky:cache:__lock__:user:1"));
}

BOOST_AUTO_TEST_SUITE_END()
