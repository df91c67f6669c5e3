#include "redis/master_search.hpp"

#include "redis/sentinel_news.hpp"
#include "redis/topology_settings.hpp"
#include "unit/redis/replies.hpp"

#include <cachesite/redis_cache.hpp>

#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::redis;
using namespace std::chrono_literals;
using test::bulk;
using test::integer;
using test::list;
using test::nil;

namespace {

const TimePoint now{1h};
const ServerAddress a{"a", 1, {}};
const ServerAddress b{"b", 2, {}};
const std::vector<ServerAddress> sentinels = {{"s", 1, {}}, {"s", 2, {}}, {"s", 3, {}}};

bool complains(const RedisCacheOptions& options, const std::string& parameter) {
  for (const auto& complaint : options.complaints())
    if (complaint.parameter == parameter) return true;
  return false;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(master_search)

BOOST_AUTO_TEST_CASE(most_votes_win_and_of_equals_the_latest) {
  MasterSearch search;
  BOOST_TEST(!search.choice(now).has_value());
  search.named(sentinels[0], a);
  BOOST_TEST((search.choice(now) == a));
  search.named(sentinels[1], b);
  BOOST_TEST((search.choice(now) == b));
  search.named(sentinels[2], a);
  BOOST_TEST((search.choice(now) == a));
  search.named(sentinels[0], std::nullopt);
  search.named(sentinels[2], std::nullopt);
  BOOST_TEST((search.choice(now) == b));
}

BOOST_AUTO_TEST_CASE(an_announced_switch_counts_for_everybody_who_named_the_old_master) {
  MasterSearch search;
  for (const auto& sentinel : sentinels)
    search.named(sentinel, a);
  search.switched(sentinels[1], a, b);
  BOOST_TEST((search.choice(now) == b));
}

BOOST_AUTO_TEST_CASE(a_server_that_denied_is_passed_over_for_a_while_when_there_is_another) {
  MasterSearch search;
  search.named(sentinels[0], a);
  search.named(sentinels[1], a);
  search.denied(a, now);
  BOOST_TEST((search.choice(now) == a));
  search.named(sentinels[2], b);
  BOOST_TEST((search.choice(now) == b));
  BOOST_TEST((search.choice(now + MasterSearch::distrust) == a));
}

BOOST_AUTO_TEST_CASE(answers_of_sentinels_are_read_defensively) {
  BOOST_TEST(read_master(list({bulk("10.0.0.1"), bulk("6379")}))->text() == "10.0.0.1:6379");
  for (const auto& reply : {nil(), list({}), list({bulk("10.0.0.1")}), list({bulk("10.0.0.1"), bulk("0")}),
                            list({bulk("10.0.0.1"), bulk("65536")}), list({bulk(""), bulk("6379")}),
                            list({bulk("?"), bulk("6379")}), list({bulk("10.0.0.1"), bulk("6379x")}),
                            list({integer(1), integer(2)}), bulk("10.0.0.1")})
    BOOST_TEST(!read_master(reply).has_value());
  const auto server = [](const std::string& port, const std::string& flags, const std::string& link) {
    return list({bulk("ip"), bulk("10.0.0.1"), bulk("port"), bulk(port), bulk("flags"), bulk(flags),
                 bulk("master-link-status"), bulk(link)});
  };
  const auto servers =
      read_servers(list({server("1", "slave", "ok"), server("2", "s_down,slave", "ok"),
                         server("3", "slave,disconnected", "ok"), server("4", "slave", "err"),
                         server("0", "slave", "ok"), nil(), list({bulk("ip")}), server("5", "slave", "ok")}));
  BOOST_REQUIRE(servers.size() == 2u);
  BOOST_TEST(servers[0].port == 1);
  BOOST_TEST(servers[1].port == 5);
}

BOOST_AUTO_TEST_CASE(switches_of_other_masters_and_broken_ones_are_left_out) {
  const auto change = read_switch("mymaster 10.0.0.1 1 10.0.0.2 2", "mymaster");
  BOOST_REQUIRE(change.has_value());
  BOOST_TEST(change->from.text() == "10.0.0.1:1");
  BOOST_TEST(change->to.text() == "10.0.0.2:2");
  for (const char* const text :
       {"", "mymaster", "other 10.0.0.1 1 10.0.0.2 2", "mymaster 10.0.0.1 1 10.0.0.2",
        "mymaster 10.0.0.1 1 10.0.0.2 0", "mymaster 10.0.0.1 x 10.0.0.2 2"})
    BOOST_TEST(!read_switch(text, "mymaster").has_value());
}

BOOST_AUTO_TEST_CASE(addresses_of_servers_are_read_as_people_write_them) {
  struct Row {
    std::string text;
    std::string address;
  };
  for (const auto& row : std::vector<Row>{{"host", "host:7"},
                                          {"host:1", "host:1"},
                                          {"10.0.0.1:65535", "10.0.0.1:65535"},
                                          {"[::1]:5", "[::1]:5"},
                                          {"[::1]", "[::1]:7"},
                                          {"::1", "[::1]:7"},
                                          {"", ""},
                                          {":5", ""},
                                          {"host:", ""},
                                          {"host:0", ""},
                                          {"host:65536", ""},
                                          {"host:x", ""},
                                          {"[::1", ""},
                                          {"[::1]5", ""},
                                          {"redis://host:1", ""},
                                          {"user@host:1", ""},
                                          {"a b:1", ""}}) {
    const auto address = read_address(row.text, 7);
    BOOST_TEST((address ? address->text() : std::string()) == row.address, row.text);
  }
}

BOOST_AUTO_TEST_CASE(parameters_that_do_not_go_together_are_complained_about) {
  RedisCacheOptions cluster;
  cluster.startup_nodes = {"127.0.0.1:1"};
  BOOST_TEST(cluster.complaints().empty());
  RedisCacheOptions sentinel;
  sentinel.sentinels = {"127.0.0.1:1"};
  sentinel.service_name = "mymaster";
  BOOST_TEST(sentinel.complaints().empty());

  auto options = cluster;
  options.sentinels = sentinel.sentinels;
  options.service_name = "mymaster";
  BOOST_TEST(complains(options, "startup_nodes"));
  options = cluster;
  options.db = 1;
  BOOST_TEST(complains(options, "db"));
  options = cluster;
  options.host = "elsewhere";
  BOOST_TEST(complains(options, "host"));
  options = cluster;
  options.startup_nodes = {"127.0.0.1:0"};
  BOOST_TEST(complains(options, "startup_nodes"));
  options = cluster;
  options.service_name = "mymaster";
  BOOST_TEST(complains(options, "service_name"));
  options = cluster;
  options.startup_nodes = {"10.0.0.1:1"};
  options.password = Secret("hidden");
  BOOST_TEST(complains(options, "password"));
  options.ssl = true;
  BOOST_TEST(!complains(options, "password"));
  options = sentinel;
  options.service_name.reset();
  BOOST_TEST(complains(options, "sentinels"));
  options = sentinel;
  options.sentinel_username = "user";
  BOOST_TEST(complains(options, "sentinel_username"));
  options = sentinel;
  options.sentinels = {"10.0.0.1:1"};
  options.sentinel_password = Secret("hidden");
  BOOST_TEST(complains(options, "sentinel_password"));
  options = {};
  options.read_from_replicas = true;
  BOOST_TEST(complains(options, "read_from_replicas"));
}

BOOST_AUTO_TEST_SUITE_END()
