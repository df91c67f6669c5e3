// Copies in the memory of several processes, some of which are killed or stopped. CACHESITE_SECONDS sets for how long.

#include "support/chaos_proxy.hpp"
#include "support/child_spawner.hpp"
#include "support/process.hpp"
#include "support/redis_server.hpp"
#include "support/sanitized.hpp"
#include "support/stale_readers.hpp"
#include "support/temporary_directory.hpp"
#include "support/wait_until.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <unistd.h>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t keys = 500;

double seconds(double usually) {
  const char* const wanted = std::getenv("CACHESITE_SECONDS");
  return wanted == nullptr ? usually : std::atof(wanted);
}

std::vector<std::string> environment() {
  std::vector<std::string> all;
  for (char** each = environ; *each != nullptr; ++each)
    all.emplace_back(*each);
  return all;
}

pid_t start_program(std::vector<std::string> arguments) {
  return spawn_child({std::move(arguments), environment(), {}, STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO});
}

Process writer(const RedisServer& server, const std::string& written, int number) {
  return Process({CACHESITE_STALE_WRITER, std::to_string(server.port()), written, std::to_string(keys), "500",
                  "1000000", "2", std::to_string(number)});
}

/// A process with a copy, which is stopped.
class Sleeper {
 public:
  Sleeper() {
    probe.set("key", "1");
    BOOST_REQUIRE(wait_until([&] { return asked().starts_with("1 copied"); }, 60s));
    process_.freeze();
    stopped_at_ = std::chrono::steady_clock::now();
  }
  /// Its first read after it was stopped for longer than copies are trusted.
  std::string first_read() {
    const auto time = std::chrono::duration<double>(stop_);
    BOOST_TEST(wait_until([&] { return std::chrono::steady_clock::now() - stopped_at_ > time; }, 1h));
    return asked([&] { process_.signal(SIGCONT); });
  }
  /// Ends it.
  void expect_new(const std::string& read) {
    BOOST_TEST_MESSAGE("F4: stopped for " << stop_.count() << " s with max_staleness "
                                          << max_staleness_.count()
                                          << " ms, required: no old copy, first read " << read);
    BOOST_TEST(read.starts_with("2 "), read);
    process_.close_input();
    BOOST_TEST(process_.wait_for_exit().value_or(1) == 0, process_.errors());
  }

  RedisServer server;
  RedisProbe probe = server.probe();
  ChaosProxy proxy{server.port()};

 private:
  template <class Between>
  std::string asked(const Between& between) {
    const auto name = "read " + std::to_string(++reads_);
    process_.write_input(name + "\n");
    between();
    BOOST_REQUIRE(process_.wait_for_output(name + ": ", 30s));
    BOOST_REQUIRE(wait_until([&] { return process_.output().ends_with("\n"); }));
    auto output = process_.output();
    output.pop_back();
    return output.substr(output.rfind(name) + name.size() + 2);
  }
  std::string asked() {
    return asked([] {});
  }

  const std::chrono::duration<double> stop_{seconds(0.5)};
  const std::chrono::milliseconds max_staleness_{stop_ > 4s ? 2000 : 300};
  std::chrono::steady_clock::time_point stopped_at_;
  int reads_ = 0;
  Process process_{
      {CACHESITE_STOPPED_READER, std::to_string(proxy.port()), std::to_string(max_staleness_.count())},
      {.keep_input_open = true}};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(coherent_tiers_processes)

BOOST_AUTO_TEST_CASE(eight_readers_and_two_foreign_writers_leave_no_difference_though_processes_are_killed) {
  RedisServer server;
  const TemporaryDirectory directory;
  const auto written = (directory.path() / "written").string();
  const auto shared = (directory.path() / "shared").string();
  const SharedObject<WrittenValues> made(written);
  std::vector<Process> writers;
  for (int number = 0; number < 2; ++number)
    writers.push_back(writer(server, written, number));
  for (auto& each : writers)
    BOOST_REQUIRE(each.wait_for_output("ready", 60s));
  StaleReaders readers(shared, 8, [&](std::size_t number) {
    return start_program({CACHESITE_STALE_READER, std::to_string(server.port()), std::to_string(keys),
                          written, shared, std::to_string(number)});
  });
  const double time = seconds(2);
  lose_processes(time, std::max(time / 60, 0.25 * (sanitized ? 2 : 1)), readers, [&] {
    server.kill();
    server.restart();
  });
  readers.end();
  for (auto& each : writers) {
    each.signal(SIGTERM);
    BOOST_TEST(each.wait_for_exit().value_or(1) == 0, each.errors());
  }
  BOOST_TEST(readers.audit() == 0);
  const auto measured = readers.measured();
  const auto stalest = static_cast<double>(measured.stalest) / 1e6;
  BOOST_TEST_MESSAGE(measured.reads << " reads by " << readers.started() << " readers, "
                                    << 100 * readers.near_hits() << " % near hits, stale "
                                    << 100 * static_cast<double>(measured.staler[0]) /
                                           static_cast<double>(measured.reads)
                                    << " %, stalest " << stalest << " ms, bound 2000 ms");
  BOOST_TEST(measured.reads > 0U);
  BOOST_TEST(readers.near_hits() > 0.1);
  BOOST_TEST(stalest < 2000);  // max_staleness
}

BOOST_AUTO_TEST_CASE(a_stopped_process_reads_no_old_copy_when_the_news_are_in_its_socket) {
  Sleeper sleeper;
  sleeper.probe.set("key", "2");
  sleeper.expect_new(sleeper.first_read());
}

BOOST_AUTO_TEST_CASE(a_stopped_process_reads_no_old_copy_when_its_news_connection_was_cut) {
  Sleeper sleeper;
  BOOST_TEST(sleeper.probe.checked({"CLIENT", "KILL", "TYPE", "pubsub"}).integer >= 1);
  sleeper.probe.set("key", "2");
  sleeper.expect_new(sleeper.first_read());
}

// Nothing of what it finds when it wakes tells that it has missed something.
BOOST_AUTO_TEST_CASE(a_stopped_process_reads_no_old_copy_when_its_news_were_lost_without_a_trace) {
  Sleeper sleeper;
  sleeper.proxy.set(Direction::to_client, {.flow = Flow::discard});
  const auto before = sleeper.proxy.arrived(Direction::to_client);
  sleeper.probe.set("key", "2");
  BOOST_TEST(sleeper.proxy.wait_for_arrived(Direction::to_client, before + 1));
  sleeper.proxy.pass();
  sleeper.expect_new(sleeper.first_read());
}

BOOST_AUTO_TEST_SUITE_END()
