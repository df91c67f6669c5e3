#include "redis/topology/master_search.hpp"

#include "redis/settings/topology_settings.hpp"
#include "redis/topology/sentinel_news.hpp"
#include "unit/redis/topology/replies.hpp"

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
const ServerAddress c{"c", 3, {}};
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
  search.named(sentinels[0], a, now);
  BOOST_TEST((search.choice(now) == a));
  search.named(sentinels[1], b, now);
  BOOST_TEST((search.choice(now) == b));
  search.named(sentinels[2], a, now);
  BOOST_TEST((search.choice(now) == a));
  search.named(sentinels[0], std::nullopt, now);
  search.named(sentinels[2], std::nullopt, now);
  BOOST_TEST((search.choice(now) == b));
}

BOOST_AUTO_TEST_CASE(an_announced_switch_counts_for_everybody_who_named_the_old_master) {
  MasterSearch search;
  for (const auto& sentinel : sentinels)
    search.named(sentinel, a, now);
  search.switched(sentinels[1], a, b, now);
  BOOST_TEST((search.choice(now) == b));
}

BOOST_AUTO_TEST_CASE(a_server_that_denied_is_passed_over_for_a_while_when_there_is_another) {
  MasterSearch search;
  search.named(sentinels[0], a, now);
  search.named(sentinels[1], a, now);
  search.denied(a, now);
  BOOST_TEST((search.choice(now) == a));
  search.named(sentinels[2], b, now);
  BOOST_TEST((search.choice(now) == b));
  BOOST_TEST((search.choice(now + MasterSearch::distrust) == a));
}

BOOST_AUTO_TEST_CASE(sentinels_that_lag_behind_a_switch_do_not_bring_the_old_master_back) {
  MasterSearch search;
  for (const auto& sentinel : sentinels)
    search.named(sentinel, a, now);
  search.switched(sentinels[0], a, b, now);
  search.denied(a, now);
  for (auto time = now; time < now + 4s; time += 100ms) {
    search.named(sentinels[1], a, time);
    search.named(sentinels[2], a, time);
    BOOST_REQUIRE((search.choice(time) == b));
  }
  // Nor does what they said last when nothing has been heard of them since.
  BOOST_TEST((search.choice(now + 2 * MasterSearch::settling) == b));
}

BOOST_AUTO_TEST_CASE(a_sentinel_that_names_another_master_than_before_has_switched_too) {
  MasterSearch search;
  for (const auto& sentinel : sentinels)
    search.named(sentinel, a, now);
  search.named(sentinels[0], b, now);
  search.named(sentinels[1], a, now + 1s);
  search.named(sentinels[2], a, now + 1s);
  BOOST_TEST((search.choice(now + 1s) == b));
  // Also when it could not be asked in between.
  search.named(sentinels[0], std::nullopt, now + 2s);
  search.named(sentinels[0], a, now + 3s);
  BOOST_TEST((search.choice(now + 3s) == a));
}

BOOST_AUTO_TEST_CASE(switches_in_a_row_and_back_lead_to_the_last_master) {
  MasterSearch search;
  for (const auto& sentinel : sentinels)
    search.named(sentinel, a, now);
  search.switched(sentinels[0], a, b, now);
  search.switched(sentinels[1], b, c, now + 1s);
  search.named(sentinels[2], a, now + 1s);
  BOOST_TEST((search.choice(now + 1s) == c));
  search.switched(sentinels[1], c, a, now + 2s);
  search.named(sentinels[0], b, now + 2s);
  BOOST_TEST((search.choice(now + 2s) == a));
  search.switched(sentinels[1], a, a, now + 2s);
  BOOST_TEST((search.choice(now + 2s) == a));
}

BOOST_AUTO_TEST_CASE(a_new_master_that_denies_leaves_the_votes_to_whom_they_named) {
  MasterSearch search;
  for (const auto& sentinel : sentinels)
    search.named(sentinel, a, now);
  search.switched(sentinels[0], a, b, now);
  search.named(sentinels[1], a, now);
  search.named(sentinels[2], a, now);
  search.denied(b, now);
  BOOST_TEST((search.choice(now) == a));
  BOOST_TEST((search.choice(now + MasterSearch::distrust) == a));
}

BOOST_AUTO_TEST_CASE(long_after_a_switch_nobody_is_taken_to_lag_behind) {
  MasterSearch search;
  search.switched(sentinels[0], a, b, now);
  search.named(sentinels[1], a, now + MasterSearch::settling);
  search.named(sentinels[2], a, now + MasterSearch::settling);
  BOOST_TEST((search.choice(now + MasterSearch::settling) == a));
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

BOOST_AUTO_TEST_CASE(promotions_of_other_masters_and_broken_ones_are_left_out) {
  const auto change = read_promotion("slave 10.0.0.2:2 10.0.0.2 2 @ mymaster 10.0.0.1 1", "mymaster");
  BOOST_REQUIRE(change.has_value());
  BOOST_TEST(change->from.text() == "10.0.0.1:1");
  BOOST_TEST(change->to.text() == "10.0.0.2:2");
  for (const char* const text :
       {"", "slave", "master 10.0.0.2:2 10.0.0.2 2 @ mymaster 10.0.0.1 1",
        "slave 10.0.0.2:2 10.0.0.2 2 @ other 10.0.0.1 1", "slave 10.0.0.2:2 10.0.0.2 2 mymaster 10.0.0.1 1",
        "slave 10.0.0.2:2 10.0.0.2 0 @ mymaster 10.0.0.1 1",
        "slave 10.0.0.2:2 10.0.0.2 2 @ mymaster 10.0.0.1"})
    BOOST_TEST(!read_promotion(text, "mymaster").has_value());
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
