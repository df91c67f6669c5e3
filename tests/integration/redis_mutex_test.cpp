// Mutexes over Redis among programs: others that exclude, that die, that stand still; a server that goes
// away.

#include "integration/lock_fixture.hpp"
#include "support/chaos_proxy.hpp"
#include "support/collecting_logger.hpp"

#include <cachesite/mutex.hpp>
#include <cachesite/mutex_guard.hpp>
#include <cachesite/redis_mutex_site.hpp>

#include <atomic>
#include <csignal>
#include <functional>
#include <iostream>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;

namespace {

std::shared_ptr<RedisMutexSite> site_at(std::uint16_t port) {
  return start_site<RedisMutexSite>(options_at<RedisMutexSiteOptions>(port));
}

MutexRequest renewed(std::chrono::milliseconds expire) {
  MutexRequest request;
  request.expire = expire;
  return request;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(redis_mutex)

BOOST_AUTO_TEST_CASE(a_python_program_and_this_one_exclude_each_other) {
  RedisServer server;
  const auto site = site_at(server.port());
  const auto mutex = site->get_mutex("both");

  auto holder = start_python(server, {"hold", "both", "60000"});
  BOOST_REQUIRE(holder.wait_for_output("held"));
  BOOST_TEST(!mutex->try_lock());
  BOOST_REQUIRE(mutex->holders().ok());
  BOOST_TEST(mutex->holders().value().at(0).owner.starts_with("locked_by_"));
  holder.close_input();
  BOOST_TEST(holder.wait_for_exit().value_or(-1) == 0);
  BOOST_TEST(holder.output().find("released 1") != std::string::npos);

  MutexGuard guard(*mutex);
  auto late = start_python(server, {"try", "both"});
  BOOST_TEST(late.wait_for_exit().value_or(-1) == 0);
  BOOST_TEST(late.output() == "had 0\n");
  BOOST_TEST(guard.held());
}

BOOST_AUTO_TEST_CASE(increments_of_python_and_cachesite_programs_are_all_counted) {
  RedisServer server;
  constexpr int rounds = 300;
  std::vector<Process> programs;
  programs.push_back(start_python(server, {"increment", "counted", "counter", std::to_string(rounds)}));
  programs.push_back(start_worker(server, {"increment", "counted", "counter", std::to_string(rounds)}));
  programs.push_back(start_python(server, {"increment", "counted", "counter", std::to_string(rounds)}));
  programs.push_back(start_worker(server, {"increment", "counted", "counter", std::to_string(rounds)}));
  for (auto& program : programs) {
    BOOST_TEST(program.wait_for_exit(120s).value_or(-1) == 0);
    BOOST_TEST(program.errors() == "");
  }
  BOOST_TEST(server.probe().get("counter").value_or("") == std::to_string(4 * rounds));
  std::cout << "2 Python and 2 cachesite programs: " << server.probe().get("counter").value_or("") << " of "
            << 4 * rounds << " increments\n";
}

BOOST_AUTO_TEST_CASE(a_holder_that_is_killed_frees_the_mutex_after_its_lease) {
  RedisServer server;
  const auto site = site_at(server.port());
  auto holder = start_worker(server, {"hold", "killed", "1500"});
  BOOST_REQUIRE(holder.wait_for_output("held"));
  const auto mutex = site->get_mutex("killed");
  const auto renewed_since = std::chrono::steady_clock::now();
  wait_until([&] { return std::chrono::steady_clock::now() - renewed_since > 2000ms; });
  BOOST_TEST(!mutex->try_lock());  // renewed beyond its first 1500 ms
  holder.kill();
  const auto begin = std::chrono::steady_clock::now();
  const MutexGuard guard(*mutex, 20s);
  const auto waited = std::chrono::steady_clock::now() - begin;
  BOOST_TEST(guard.held());
  BOOST_TEST((waited <= 1500ms + 2s));
  std::cout << "kill -9 of the holder: free after "
            << std::chrono::duration_cast<std::chrono::milliseconds>(waited).count()
            << " ms of a lease of 1500 ms\n";
}

BOOST_AUTO_TEST_CASE(a_hundred_threads_lose_no_increment) {
  RedisServer server;
  const auto site = site_at(server.port());
  constexpr int threads = 100;
  constexpr int rounds = sanitized ? 50 : 1000;
  std::int64_t counter = 0;
  std::vector<std::thread> workers;
  std::atomic<int> failures{0};
  const auto begin = std::chrono::steady_clock::now();
  for (int index = 0; index < threads; ++index)
    workers.emplace_back([&] {
      const auto mutex = site->get_mutex("hundred");
      for (int round = 0; round < rounds; ++round) {
        MutexGuard guard(*mutex, MutexRequest{});
        if (!guard) ++failures;
        ++counter;
        if (!guard.release().value_or(false)) ++failures;
      }
    });
  for (auto& worker : workers)
    worker.join();
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  BOOST_TEST(failures.load() == 0);
  BOOST_TEST(counter == std::int64_t{threads} * rounds);
  std::cout << threads << " threads x " << rounds << " increments: " << counter << " counted, in "
            << seconds.count() << " s\n";
}

BOOST_AUTO_TEST_CASE(a_holder_that_stood_still_learns_of_its_loss_and_its_token_is_refused) {
  RedisServer server;
  const auto site = site_at(server.port());
  MutexFence fence;
  auto holder = start_worker(server, {"hold", "paused", "1500"});
  BOOST_REQUIRE(holder.wait_for_output("\n"));
  const auto old_token = std::stoull(holder.output().substr(5));
  BOOST_TEST(fence.admit(old_token));
  holder.write_input("?\n");
  BOOST_TEST(holder.wait_for_output("has it: 1"));

  holder.signal(SIGSTOP);
  const MutexGuard guard(*site->get_mutex("paused"), 20s);
  BOOST_REQUIRE(guard.held());
  BOOST_TEST(fence.admit(guard.fencing_token()));
  BOOST_TEST(guard.fencing_token() > old_token);
  BOOST_TEST(!fence.admit(old_token));

  holder.write_input("?\n");
  holder.signal(SIGCONT);
  BOOST_TEST(holder.wait_for_output("told of the loss"));
  BOOST_TEST(holder.wait_for_output("has it: 0"));
  holder.close_input();
  BOOST_TEST(holder.wait_for_exit().value_or(-1) == 0);
  BOOST_TEST(holder.output().find("released in time: 0") != std::string::npos);
  BOOST_TEST(guard.held());
  std::cout << "paused holder: token " << old_token << " refused, " << guard.fencing_token()
            << " admitted; it printed:\n"
            << holder.output();
}

BOOST_AUTO_TEST_CASE(what_the_server_sees_is_what_other_programs_expect) {
  RedisServer server;
  auto probe = server.probe();
  const auto site = site_at(server.port());
  MutexRequest request = renewed(1500ms);
  request.renew = false;
  const MutexGuard guard(*site->get_mutex("wire"), request);
  BOOST_TEST(probe.get("mutex:wire").value_or("") == guard.lease()->owner());
  const auto rest = probe.ttl_milliseconds("mutex:wire");
  BOOST_TEST(rest > 1000);
  BOOST_TEST(rest <= 1500);
  for (const auto& key : probe.keys())
    BOOST_TEST(probe.ttl_milliseconds(key) > 0, key << " never goes away");
}

BOOST_AUTO_TEST_CASE(a_holder_whose_key_was_deleted_learns_it) {
  RedisServer server;
  const auto site = site_at(server.port());
  const MutexGuard guard(*site->get_mutex("deleted"), renewed(300ms));
  server.probe().erase("mutex:deleted");
  BOOST_TEST(wait_until([&] { return guard.lost().stop_requested(); }));
  BOOST_TEST(!guard.held());
}

BOOST_AUTO_TEST_CASE(somebody_elses_mutex_is_never_released) {
  RedisServer server;
  const auto site = site_at(server.port());
  MutexGuard guard(*site->get_mutex("taken over"), renewed(60s));
  server.probe().set("mutex:taken over", "somebody else");
  BOOST_TEST(!guard.release().value_or(true));
  BOOST_TEST(server.probe().get("mutex:taken over").value_or("") == "somebody else");
}

BOOST_AUTO_TEST_CASE(a_writer_that_has_given_up_keeps_no_reader_out) {
  RedisServer server;
  const auto site = site_at(server.port());
  const auto other = site_at(server.port());
  MutexRequest read;
  read.mode = MutexMode::shared;
  read.wait = 0ms;
  MutexRequest write;
  write.wait = 50ms;
  const MutexGuard reader(*site->get_mutex("read"), read);
  BOOST_TEST(!MutexGuard(*other->get_mutex("read"), write).held());
  BOOST_TEST(MutexGuard(*other->get_mutex("read"), read).held());
}

BOOST_AUTO_TEST_CASE(who_waits_sleeps_at_the_server_instead_of_asking) {
  RedisServer server;
  const auto site = site_at(server.port());
  const auto other = site_at(server.port());
  MutexGuard guard(*site->get_mutex("quiet"), renewed(60s));
  std::thread waiter([&] { MutexGuard late(*other->get_mutex("quiet"), MutexRequest{}); });
  auto probe = server.probe();
  BOOST_TEST(wait_until([&] { return probe.info("blocked_clients") == "1"; }));
  const auto before = std::stoll(probe.info("total_commands_processed"));
  const auto begin = std::chrono::steady_clock::now();
  wait_until([&] { return std::chrono::steady_clock::now() - begin > 500ms; });
  const auto asked = std::stoll(probe.info("total_commands_processed")) - before;
  BOOST_TEST(asked <= 40);  // each attempt is a script of some commands
  (void)guard.release();
  waiter.join();
}

BOOST_AUTO_TEST_CASE(who_waits_sleeps_no_longer_than_the_lease_that_is_in_the_way) {
  RedisServer server;
  auto options = options_at<RedisMutexSiteOptions>(server.port());
  options.poll_interval = 30s;
  const auto site = start_site<RedisMutexSite>(options);
  auto probe = server.probe();
  const std::string add_reader =
      "local time = redis.call('TIME') return redis.call('ZADD', KEYS[1], time[1] "
      "* 1000 + math.floor(time[2] / 1000) + 200, ARGV[1])";
  for (const std::string owner : {"cachesite:host:1:random-1", "locked_by_another_program"})
    for (const std::string dead : {"holder", "reader", "waiting writer"})
      for (const auto mode : {MutexMode::exclusive, MutexMode::shared}) {
        if (mode == MutexMode::shared ? dead == "reader" : dead == "waiting writer") continue;
        MonitorStream monitor = server.monitor();
        const auto name = owner + dead + (mode == MutexMode::shared ? " shared" : "");
        const auto mutex = site->get_mutex(name);
        if (dead == "reader")
          probe.checked({"EVAL", add_reader, "1", "readers@mutex:" + name, owner});
        else
          probe.checked({"SET", (dead == "holder" ? "mutex:" : "writers@mutex:") + name, owner, "PX", "200"});
        MutexRequest request;
        request.mode = mode;
        request.wait = 5s;
        BOOST_TEST_CONTEXT(name) {
          BOOST_TEST(MutexGuard(*mutex, request).held());
          for (const auto& command : monitor.commands_so_far())
            if (command.arguments.at(0) == "BLPOP") BOOST_TEST(std::stod(command.arguments.at(2)) <= 0.201);
        }
      }
}

BOOST_AUTO_TEST_CASE(an_outage_while_waiting_is_waited_out) {
  RedisServer server;
  ChaosProxy proxy(server.port());
  const auto near = site_at(server.port());
  const auto far = site_at(proxy.port());
  MutexGuard guard(*near->get_mutex("outage"), renewed(60s));
  std::atomic<bool> got{false};
  std::thread waiter([&] {
    const MutexGuard late(*far->get_mutex("outage"), MutexRequest{});
    got = late.held();
  });
  auto probe = server.probe();
  BOOST_TEST(wait_until([&] { return probe.info("blocked_clients") == "1"; }));
  proxy.set_accepting(Accepting::refuse);
  proxy.drop_connections();
  BOOST_TEST(wait_until([&] { return probe.info("blocked_clients") == "0"; }));
  (void)guard.release();
  proxy.pass();
  proxy.set_accepting(Accepting::forward);
  waiter.join();
  BOOST_TEST(got.load());
}

BOOST_AUTO_TEST_CASE(a_holder_cut_off_from_the_server_loses_the_mutex_and_learns_it) {
  RedisServer server;
  ChaosProxy proxy(server.port());
  const auto logger = std::make_shared<CollectingLogger>();
  ComponentContext context;
  context.logger = logger;
  auto options = options_at<RedisMutexSiteOptions>(proxy.port());
  options.socket_timeout = 100ms;
  const auto site = start_site<RedisMutexSite>(options, context);
  const MutexGuard guard(*site->get_mutex("cut"), renewed(300ms));
  BOOST_REQUIRE(guard.held());
  proxy.vanish();
  BOOST_TEST(wait_until([&] { return guard.lost().stop_requested(); }));
  BOOST_TEST(!guard.held());
  BOOST_TEST(
      logger->wait_for_count(1, LogLevel::warning, "lost mutex \"cut\": it could not be renewed in time"));
}

BOOST_AUTO_TEST_CASE(a_server_that_stays_away_is_reported_after_the_patience) {
  RedisServer server;
  auto options = options_at<RedisMutexSiteOptions>(server.port());
  options.outage_patience = 100ms;
  const auto site = start_site<RedisMutexSite>(options);
  server.kill();
  const MutexGuard guard(*site->get_mutex("away"), MutexRequest{});
  BOOST_TEST(!guard.held());
  BOOST_REQUIRE(guard.error().has_value());
  BOOST_TEST(to_string(guard.error()->code()) == "unreachable");
  BOOST_CHECK_THROW(site->get_mutex("away")->lock(), MutexError);
  BOOST_TEST(!site->get_mutex("away")->acquire(1s, MutexMethod::non_blocking));
}

BOOST_AUTO_TEST_CASE(an_answer_that_was_lost_leaves_no_mutex_behind) {
  RedisServer server;
  ChaosProxy proxy(server.port());
  auto options = options_at<RedisMutexSiteOptions>(proxy.port());
  options.outage_patience = 0ms;
  options.socket_timeout = 200ms;
  const auto site = start_site<RedisMutexSite>(options);
  BOOST_TEST(site->get_mutex("warm up")->try_lock());
  auto probe = server.probe();
  proxy.set(Direction::to_client, Faults{.flow = Flow::discard});
  const MutexGuard guard(*site->get_mutex("orphan"), MutexRequest{});
  BOOST_TEST(!guard.held());
  BOOST_TEST(probe.exists("mutex:orphan"));
  proxy.drop_connections();
  proxy.pass();
  BOOST_TEST(wait_until([&] { return !probe.exists("mutex:orphan"); }));
}

BOOST_AUTO_TEST_CASE(a_server_that_does_not_answer_adds_half_a_second_to_the_wait_and_no_more) {
  RedisServer server;
  ChaosProxy proxy(server.port());
  const auto site = site_at(proxy.port());  // calls take up to 5 s
  const auto mutex = site->get_mutex("silent");
  const auto own = std::chrono::milliseconds(100);
  const auto timed = [](const std::function<void()>& act) {
    const auto begin = std::chrono::steady_clock::now();
    act();
    return std::chrono::steady_clock::now() - begin;
  };
  BOOST_TEST(mutex->try_lock());
  mutex->unlock();
  proxy.set(Direction::to_client, Faults{.flow = Flow::discard});
  for (int attempt = 0; attempt < 2; ++attempt) {
    const auto took = timed([&] { BOOST_CHECK_THROW((void)mutex->try_lock_for(own), MutexError); });
    BOOST_TEST((took >= own && took < 3s));
    BOOST_TEST((timed([&] { BOOST_TEST(!MutexGuard(*mutex, own).held()); }) < 3s));
    BOOST_TEST((timed([&] { BOOST_CHECK_THROW((void)mutex->try_lock_shared_for(own), MutexError); }) < 3s));
  }
  proxy.drop_connections();
  proxy.pass();
  // What the unanswered attempts have taken is given back in the background.
  auto probe = server.probe();
  BOOST_TEST(
      wait_until([&] { return !probe.exists("mutex:silent") && !probe.exists("readers@mutex:silent"); }));
  BOOST_TEST(wait_until([&] { return mutex->try_lock_for(own); }));
  mutex->unlock();
}

BOOST_AUTO_TEST_CASE(with_require_connection_there_is_no_mutex_without_a_server) {
  RedisServer server;
  auto options = options_at<RedisMutexSiteOptions>(server.port());
  options.require_connection = true;
  const auto site = start_site<RedisMutexSite>(options);
  BOOST_TEST(site->get_mutex("there") != nullptr);
  server.kill();
  BOOST_TEST(site->get_mutex("there") == nullptr);
  server.restart();
  BOOST_TEST(wait_until([&] { return site->get_mutex("there") != nullptr; }));
}

BOOST_AUTO_TEST_CASE(a_shared_connection_takes_no_settings_of_its_own) {
  RedisMutexSiteOptions options;
  options.connection = std::shared_ptr<IRedis>(std::make_shared<RedisConnection>(RedisConnection::Options{}));
  options.port = 1;
  BOOST_CHECK_THROW(RedisMutexSite{options}, std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
