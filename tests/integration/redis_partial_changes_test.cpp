// Changes of several steps that fail half way.

#include "integration/redis_cache_fixture.hpp"
#include "integration/redis_connection_fixture.hpp"
#include "support/scripted_server.hpp"

#include <cachesite/async_call.hpp>
#include <cachesite/redis_cache.hpp>
#include <cachesite/redis_connection.hpp>
#include <cachesite/tagged_cache.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;

BOOST_AUTO_TEST_SUITE(redis_partial_changes)

namespace {

const std::string one_key_and_more = "*2\r\n$1\r\n7\r\n*1\r\n$3\r\nkey\r\n";
const std::string refusal = "-NOPERM not you\r\n";

template <class R>
bool may_be_done(const R& result) {
  return !result.ok() && result.error().outcome() == Outcome::unknown;
}
template <class R>
bool not_done(const R& result) {
  return !result.ok() && result.error().outcome() == Outcome::not_done;
}

// Answers a walk over the keys with these, one after the other.
ScriptedServer::Handler walk(const std::vector<std::string>& scans, const std::string& unlink) {
  auto place = std::make_shared<std::size_t>(0);
  return ScriptedServer::after_setup([=](const ScriptedCommand& command) -> ScriptedAnswer {
    if (command.name() == "SCAN") return {scans[(*place)++ % scans.size()]};
    return {command.name() == "UNLINK" ? unlink : "+OK\r\n"};
  });
}

// Two masters of a cluster, the second of which refuses everything.
class HalfCluster {
 public:
  HalfCluster() : first_(answers("+OK\r\n")), second_(answers(refusal)) {}

  [[nodiscard]] RedisCacheOptions options() const {
    auto options = patient<RedisCacheOptions>();
    options.startup_nodes = {"127.0.0.1:" + std::to_string(first_.port())};
    return options;
  }

 private:
  ScriptedServer::Handler answers(std::string bytes) {
    return ScriptedServer::after_setup([this, bytes](const ScriptedCommand& command) -> ScriptedAnswer {
      return {command.name() == "CLUSTER" ? slots() : bytes};
    });
  }
  [[nodiscard]] std::string slots() const {
    return "*2\r\n" + range(0, 8000, first_.port()) + range(8001, 16383, second_.port());
  }
  static std::string range(int from, int to, std::uint16_t port) {
    return "*3\r\n:" + std::to_string(from) + "\r\n:" + std::to_string(to) +
           "\r\n*2\r\n$9\r\n127.0.0.1\r\n:" + std::to_string(port) + "\r\n";
  }

  ScriptedServer first_;
  ScriptedServer second_;
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_removal_by_pattern_that_fails_after_its_first_step_may_have_been_done) {
  ScriptedServer server(walk({one_key_and_more, refusal}, ":1\r\n"));
  const StartedCache cache(options_for_port(server.port()));
  BOOST_TEST(may_be_done(cache->remove_matching("*")));
  BOOST_TEST(may_be_done(cache->clear()));
}

BOOST_AUTO_TEST_CASE(a_removal_by_pattern_that_has_removed_nothing_was_not_done) {
  ScriptedServer server(walk({refusal}, ":1\r\n"));
  const StartedCache cache(options_for_port(server.port()));
  BOOST_TEST(not_done(cache->remove_matching("*")));
  server.set_handler(walk({one_key_and_more}, refusal));
  BOOST_TEST(not_done(cache->remove_matching("*")));
  server.set_handler(walk({one_key_and_more, refusal}, ":0\r\n"));
  BOOST_TEST(not_done(cache->clear()));
}

BOOST_AUTO_TEST_CASE(
    an_end_that_is_taken_away_without_the_right_to_ask_for_the_entry_may_have_been_taken_away) {
  const auto answers = [](const std::string& persist) {
    return ScriptedServer::after_setup([=](const ScriptedCommand& command) -> ScriptedAnswer {
      return {command.name() == "PERSIST" ? persist : refusal};
    });
  };
  ScriptedServer server(answers(":1\r\n"));
  const StartedCache cache(options_for_port(server.port()));
  const auto never = TimeToLive::never_expires();
  BOOST_TEST(may_be_done(cache->expire("key", never)));
  BOOST_TEST(may_be_done(cache->async_expire("key", never).wait()));
  server.set_handler(answers(refusal));
  BOOST_TEST(not_done(cache->expire("key", never)));
  BOOST_TEST(not_done(cache->async_expire("key", never).wait()));
}

BOOST_AUTO_TEST_CASE(a_cluster_that_is_emptied_on_one_of_its_servers_may_have_been_emptied) {
  const HalfCluster cluster;
  const StartedCache cache(cluster.options());
  BOOST_TEST(may_be_done(cache->flush_database()));
}

BOOST_AUTO_TEST_CASE(the_second_of_two_sets_of_spakky_that_cannot_be_read_takes_nothing_back) {
  const RedisServer server;
  RedisProbe probe(server.address());
  TaggedCacheOptions options;
  options.over = Reference<ICache>(std::make_shared<RedisCache>(options_for_port(server.port())));
  options.form = TagForm::spakky;
  options.connection = Reference<IRedis>(connect(connection_options(server.port())));
  TaggedCache cache(options);
  BOOST_REQUIRE(cache.write_tagged("key", "value", 1h, {"a"}).ok());
  BOOST_REQUIRE(probe.command({"SET", "__tag__:b", "no set"}).text == "OK");
  BOOST_TEST(may_be_done(cache.evict_tags({"a", "b"})));
  BOOST_TEST(cache.get("key").miss());
  BOOST_TEST(not_done(cache.evict_tags({"b", "a"})));
}

BOOST_AUTO_TEST_SUITE_END()
