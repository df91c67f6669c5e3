#include "integration/redis_cache_fixture.hpp"
#include "support/sanitized.hpp"

#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;

namespace {

/// Many threads, each with its own keys and values that name them; returns how many calls failed. A wrong
/// answer is counted in `wrong`.
int run_threads(RedisCache& cache, int threads, int rounds, std::atomic<int>& wrong) {
  std::atomic<int> failed{0};
  std::vector<std::thread> workers;
  for (int thread = 0; thread < threads; ++thread)
    workers.emplace_back([&, thread] {
      std::minstd_rand random(static_cast<unsigned>(thread) + 1);
      Value value;
      for (int round = 0; round < rounds; ++round) {
        const std::string key = "key:" + std::to_string(thread) + ":" + std::to_string(round % 16);
        const std::string name = key + "=" + std::to_string(round);
        const std::size_t size = random() % 50 == 0 ? 40'000 : random() % 700;
        const std::string expected = name + std::string(size, static_cast<char>('a' + thread % 26));
        if (!cache.set_value(key, expected, 1min)) {
          ++failed;
          continue;
        }
        const auto found = cache.read(key, value);
        if (!found.ok())
          ++failed;
        else if (found.value() != Found::hit || value.text() != expected)
          ++wrong;
      }
    });
  for (auto& worker : workers)
    worker.join();
  return failed;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(redis_cache_threads)

BOOST_AUTO_TEST_CASE(threads_share_a_connection_and_get_their_own_answers) {
  RedisServer server;
  const StartedCache cache(options_for_port(server.port()));
  std::atomic<int> wrong{0};
  BOOST_TEST(run_threads(*cache, 32, 150, wrong) == 0);
  BOOST_TEST(wrong.load() == 0);
}

BOOST_AUTO_TEST_CASE(more_threads_than_requests_in_flight_wait_for_room) {
  RedisServer server;
  auto options = options_for_port(server.port());
  options.max_inflight = 2;
  const StartedCache cache(options);
  std::atomic<int> wrong{0};
  BOOST_TEST(run_threads(*cache, 8, 200, wrong) == 0);
  BOOST_TEST(wrong.load() == 0);
}

BOOST_AUTO_TEST_CASE(no_answer_is_mixed_up_while_connections_break) {
  RedisServer server;
  ChaosProxy proxy(server.port());
  auto options = options_for_port(proxy.port());
  options.socket_timeout = 300ms;
  options.socket_connect_timeout = 300ms;
  const StartedCache cache(options);
  std::atomic<int> wrong{0};
  std::atomic<bool> over{false};
  std::thread trouble([&] {
    std::minstd_rand random(7);
    while (!over) {
      if (random() % 2 == 0)
        proxy.drop_connections();
      else
        proxy.close_connections();
      std::this_thread::sleep_for(std::chrono::milliseconds(random() % 30));
    }
  });
  run_threads(*cache, 8, 400, wrong);
  over = true;
  trouble.join();
  BOOST_TEST(wrong.load() == 0);
  proxy.pass();
  BOOST_TEST(wait_until([&] { return cache->set_value("key", "value", 1min); }));
  BOOST_TEST(cache->get_value("key")->text() == "value");
}

BOOST_AUTO_TEST_CASE(every_caller_of_a_frozen_server_leaves_by_its_deadline) {
  RedisServer server;
  auto options = options_for_port(server.port());
  options.socket_timeout = 300ms;
  const StartedCache cache(options);
  BOOST_TEST(cache->set_value("key", "value", 1min));
  server.freeze();
  std::atomic<int> late{0};
  std::atomic<int> answered{0};
  std::vector<std::thread> threads;
  for (int count = 0; count < 16; ++count)
    threads.emplace_back([&] {
      for (int round = 0; round < 3; ++round) {
        const Stopwatch watch;
        if (cache->get_value("key")) ++answered;
        if (watch.elapsed() > 1000ms * slowness) ++late;
      }
    });
  for (auto& thread : threads)
    thread.join();
  server.thaw();
  BOOST_TEST(late.load() == 0);
  BOOST_TEST(answered.load() == 0);
  BOOST_TEST(wait_until([&] { return cache->get_value("key").has_value(); }));
}

BOOST_AUTO_TEST_SUITE_END()
