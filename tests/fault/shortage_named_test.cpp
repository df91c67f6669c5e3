// Single promises when no thread can be started.

#include "support/failing_threads.hpp"
#include "support/patient.hpp"
#include "support/redis_lab.hpp"
#include "support/wait_until.hpp"

#include <cachesite/cachesite.hpp>

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <unistd.h>

using namespace cachesite;
using namespace std::chrono_literals;
using test::FailingThreads;
using test::RedisServer;
using test::wait_until;

namespace {

using Clock = std::chrono::steady_clock;

constexpr auto soon = 10s;

template <class Options>
Options options_at(std::uint16_t port) {
  auto options = test::patient<Options>();
  options.host = "127.0.0.1";
  options.port = port;
  options.reconnect_delay = 5ms;
  return options;
}

template <class Component>
std::shared_ptr<Component> started(typename Component::Options options) {
  auto component = std::make_shared<Component>(std::move(options));
  component->start();
  component->await_started();
  return component;
}

template <class Act>
Clock::duration time_of(const Act& act) {
  const auto begin = Clock::now();
  act();
  return Clock::now() - begin;
}

std::vector<std::string> addresses_of(const std::vector<std::uint16_t>& ports) {
  std::vector<std::string> all;
  for (const auto port : ports)
    all.push_back("127.0.0.1:" + std::to_string(port));
  return all;
}

std::string name_of_this_machine() {
  std::array<char, 256> name{};
  BOOST_REQUIRE(::gethostname(name.data(), name.size() - 1) == 0);
  return name.data();
}

// Without threads for those that follow `first`, it starts in time, fails with the reason, and works
// afterwards.
void expect_recovery(RedisCache::Options options, long first) {
  const auto cache = std::make_shared<RedisCache>(std::move(options));
  {
    const FailingThreads no_threads(first);
    BOOST_TEST((time_of([&] {
                  cache->start();
                  cache->await_started();
                }) < soon));
    Status written = Done{};
    BOOST_TEST((time_of([&] { written = cache->write("key", ByteView("value"), 1min); }) < soon));
    BOOST_REQUIRE(!written.ok());
    BOOST_TEST(written.error().message().find("thread") != std::string_view::npos, written.error().message());
    BOOST_TEST(no_threads.failed() > 0);
  }
  BOOST_TEST(wait_until([&] { return cache->write("key", ByteView("value"), 1min).ok(); }, soon));
  cache->stop();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(shortage_of_threads)

BOOST_AUTO_TEST_CASE(a_site_that_cannot_start_for_want_of_a_thread_says_which_component) {
  const std::pair<std::string, std::string> classes[] = {
      {"RedisCache", "ICache"}, {"RedisConnection", "IRedis"}, {"RedisMutexSite", "IMutexSite"}};
  for (const auto& [name, interface] : classes) {
    const std::string file =
        "- class: " + name + "\n  entries: [{interface: " + interface + ", name: here}]\n";
    const FailingThreads no_threads;
    try {
      (void)load_component_site_from_text(file, Format::yaml);
      BOOST_ERROR("loaded");
    } catch (const LoadError& error) {
      BOOST_REQUIRE(error.problems().size() == 1U);
      const auto& problem = error.problems().front();
      BOOST_TEST(problem.id == "E332");
      BOOST_TEST(
          std::string(error.what()).find(name + " \"here\" cannot be started: no thread could be started") !=
              std::string::npos,
          error.what());
    }
  }
}

BOOST_AUTO_TEST_CASE(a_subscription_that_gets_no_thread_says_whose_it_is_and_leaves_nothing_behind) {
  const RedisServer server;
  ComponentContext context;
  context.label = "the connection";
  RedisConnection connection(options_at<RedisConnection::Options>(server.port()), context);
  connection.start();
  connection.await_started();
  RedisSubscriber subscriber;
  subscriber.channels.emplace_back("news");
  {
    const FailingThreads no_threads;
    try {
      (void)connection.subscribe(subscriber);
      BOOST_ERROR("subscribed");
    } catch (const std::system_error& error) {
      BOOST_TEST(std::string(error.what()).find("the connection: no thread") == 0U, error.what());
    }
  }
  const auto subscription = connection.subscribe(subscriber);
  BOOST_TEST(subscription->wait_until_active(soon));
  auto probe = server.probe();
  BOOST_TEST(probe.command({"PUBLISH", "news", "x"}).integer == 1);
}

BOOST_AUTO_TEST_CASE(a_mutex_whose_renewal_gets_no_thread_is_free_for_everybody_at_once) {
  const RedisServer server;
  const auto site = started<RedisMutexSite>(options_at<RedisMutexSiteOptions>(server.port()));
  const auto other = started<RedisMutexSite>(options_at<RedisMutexSiteOptions>(server.port()));
  const auto mutex = site->get_mutex("a");
  BOOST_TEST(wait_until([&] { return site->health().state == HealthState::up; }));
  {
    const FailingThreads no_threads;
    const auto taken = mutex->take();
    BOOST_REQUIRE(!taken.ok());
    BOOST_TEST(to_string(taken.error().code()) == "no_memory");
  }
  MutexRequest in_time;
  in_time.wait = soon;
  const MutexGuard keeper_works(*site->get_mutex("b"), in_time);
  BOOST_TEST(keeper_works.held());
  BOOST_TEST((time_of([&] { BOOST_TEST(MutexGuard(*other->get_mutex("a"), in_time).held()); }) < 5s));
  BOOST_TEST((time_of([&] { BOOST_TEST(MutexGuard(*mutex, in_time).held()); }) < 5s));
}

BOOST_AUTO_TEST_CASE(a_cache_with_sentinels_starts_without_threads_for_them_and_finds_the_master_later) {
  test::SentinelLab lab(test::SentinelLabOptions{.replicas = 1});
  auto options = test::patient<RedisCache::Options>();
  options.sentinels = addresses_of(lab.sentinel_ports());
  options.service_name = lab.service_name();
  options.socket_timeout = 2s;
  for (const long first : {0L, 1L, 2L})  // the keeper, the watchers, all but one of them
    BOOST_TEST_CONTEXT("first that fails: " << first) {
      if (first < 2)
        expect_recovery(options, first);
      else
        BOOST_TEST(started<RedisCache>(options)->write("key", ByteView("value"), 1min).ok());
    }
}

BOOST_AUTO_TEST_CASE(a_cache_on_a_cluster_starts_without_threads_and_finds_the_nodes_later) {
  test::ClusterLab lab(test::ClusterLabOptions{.replicas_per_master = 0});
  auto options = test::patient<RedisCache::Options>();
  options.startup_nodes = addresses_of(lab.ports());
  options.socket_timeout = 2s;
  for (const long first : {0L, 1L})  // the keeper, the nodes
    BOOST_TEST_CONTEXT("first that fails: " << first) {
      expect_recovery(options, first);
    }
}

BOOST_AUTO_TEST_CASE(a_connection_that_is_open_goes_on_without_a_thread_for_a_second_which_comes_later) {
  const RedisServer server;
  const auto cache = started<RedisCache>(options_at<RedisCache::Options>(server.port()));
  const std::string large(4 << 20, 'x');
  const auto connects = [&] { return cache->endpoint_statistics().front().connects; };
  BOOST_TEST(wait_until([&] { return cache->write("small", ByteView("value"), 1min).ok(); }));
  const auto before = connects();
  {
    const FailingThreads no_threads;
    for (int call = 0; call < 3; ++call) {
      BOOST_TEST(cache->write("large", ByteView(large), 1min).ok());
      Value value;
      BOOST_TEST(cache->read("small", value).ok());
    }
    BOOST_TEST(no_threads.failed() > 0);
    BOOST_TEST((cache->health().state == HealthState::up));
  }
  BOOST_TEST(connects() == before);
  BOOST_TEST(
      wait_until([&] { return cache->write("large", ByteView(large), 1min).ok() && connects() > before; }));
}

BOOST_AUTO_TEST_CASE(a_name_is_looked_up_again_after_a_lookup_that_got_no_thread) {
  const RedisServer server;
  auto options = options_at<RedisCache::Options>(server.port());
  options.host = name_of_this_machine();  // no number, so that it has to be looked up
  RedisCache cache(options);
  {
    const FailingThreads no_threads(1);  // the one that connects is there
    cache.start();
    cache.await_started();
    BOOST_TEST(cache.health().reason.find("no thread") != std::string::npos, cache.health().reason);
  }
  BOOST_TEST(wait_until([&] { return cache.health().reason.find("no thread") == std::string::npos; }, soon));
  cache.stop();
}

BOOST_AUTO_TEST_SUITE_END()
