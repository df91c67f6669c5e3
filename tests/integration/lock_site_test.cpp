// Mutexes and queues from component files, under their own names and under FivcGlue's.

#include "integration/lock_fixture.hpp"

#include <cachesite/load.hpp>
#include <cachesite/mutex.hpp>
#include <cachesite/queue.hpp>
#include <cachesite/redis_mutex_site.hpp>

#include <string>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;

namespace {

std::string on_port(std::string text, std::uint16_t port) {
  for (auto at = text.find("PORT"); at != std::string::npos; at = text.find("PORT"))
    text.replace(at, 4, std::to_string(port));
  return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lock_site)

BOOST_AUTO_TEST_CASE(fivcglues_names_mean_the_redis_forms) {
  RedisServer server;
  const auto site = load_component_site_from_text(on_port(R"([
    {"class": "fivcglue.implements.mutexes_redis.MutexSiteImpl",
     "entries": [{"interface": "fivcglue.interfaces.mutexes.IMutexSite"}], "port": PORT},
    {"class": "fivcglue.implements.queues_redis.QueueSiteImpl",
     "entries": [{"interface": "fivcglue.interfaces.queues.IQueueSite"}], "port": PORT}])",
                                                          server.port()),
                                                  Format::json);
  const auto mutex = site->get_component<IMutexSite>()->get_mutex("named");
  BOOST_REQUIRE(mutex);
  BOOST_TEST(mutex->acquire(10s));
  BOOST_TEST(server.probe().exists("mutex:named"));
  BOOST_TEST(mutex->release());

  const auto queues = site->get_component<IQueueSite>();
  const auto consumer = queues->get_consumer("channel");
  BOOST_TEST(server.probe().checked({"PUBLISH", "channel", "hello"}).integer == 1);
  auto received = consumer->receive(10s);
  BOOST_REQUIRE(received.ok());
  BOOST_REQUIRE(received.value().has_value());
  BOOST_TEST(received.value()->text() == "hello");

  server.kill();
  BOOST_TEST(site->get_component<IMutexSite>()->get_mutex("named") == nullptr);
  BOOST_CHECK_THROW((void)queues->get_producer("channel"), std::runtime_error);
}

BOOST_AUTO_TEST_CASE(mutexes_and_queues_share_the_connection_of_a_file) {
  RedisServer server;
  const auto site = load_component_site_from_text(on_port(R"(
- {class: RedisConnection, entries: [{interface: IRedis, name: main}], port: PORT, socket_timeout: 5s}
- {class: RedisMutexSite, entries: [{interface: IMutexSite}], connection: main, prefix: "m:", expire: 5s}
- {class: RedisStreamQueueSite, entries: [{interface: IQueueSite}], connection: main, group: readers}
)",
                                                          server.port()),
                                                  Format::yaml);
  const auto mutex = site->get_component<IMutexSite>()->get_mutex("a");
  mutex->lock();
  BOOST_TEST(server.probe().ttl_milliseconds("m:a") <= 5000);
  mutex->unlock();
  const auto queues = site->get_component<IQueueSite>();
  BOOST_TEST(queues->get_producer("b")->produce("x"));
  BOOST_TEST(server.probe().checked({"XLEN", "queue:b"}).integer == 1);
  site->stop();
  BOOST_TEST(!queues->get_producer("b")->produce("y"));
}

BOOST_AUTO_TEST_CASE(mistakes_in_their_parameters_are_reported) {
  const auto complaint_of = [](const std::string& text) -> std::string {
    try {
      (void)load_component_site_from_text(text, Format::yaml);
    } catch (const LoadError& error) {
      return error.what();
    }
    return "nothing";
  };
  const auto contains = [](const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  };
  const auto expire =
      complaint_of("- {class: RedisMutexSite, entries: [{interface: IMutexSite}], expire: 0s}");
  BOOST_TEST(contains(expire, "expire"), expire);
  const auto spelt =
      complaint_of("- {class: MemoryQueueSite, entries: [{interface: IQueueSite}], redelivr_after: 1s}");
  BOOST_TEST(contains(spelt, "did you mean \"redeliver_after\""), spelt);
  const auto poll = complaint_of(
      "- {class: RedisStreamQueueSite, entries: [{interface: IQueueSite}], redeliver_after: 1s, "
      "poll_interval: 1s}");
  BOOST_TEST(contains(poll, "poll_interval has to be shorter"), poll);
}

BOOST_AUTO_TEST_SUITE_END()
