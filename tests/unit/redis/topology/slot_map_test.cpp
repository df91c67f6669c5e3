#include "redis/topology/slot_map.hpp"

#include "unit/redis/topology/replies.hpp"

#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::redis;
using test::bulk;
using test::integer;
using test::list;
using test::nil;

namespace {

const ServerAddress asked{"asked", 7000, {}};

Reply server(const std::string& host, std::int64_t port) {
  return list({bulk(host), integer(port), bulk("id")});
}

std::uint16_t slot_of(std::string_view head, std::string_view tail = {}) {
  return hash_slot({head, tail});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(slot_map)

BOOST_AUTO_TEST_CASE(keys_hash_to_the_slots_that_servers_compute) {
  // As CLUSTER KEYSLOT answers.
  BOOST_TEST(slot_of("123456789") == 12739);
  BOOST_TEST(slot_of("foo") == 12182);
  BOOST_TEST(slot_of("bar") == 5061);
  BOOST_TEST(slot_of("") == 0);
}

BOOST_AUTO_TEST_CASE(a_tag_decides_alone_when_it_is_not_empty) {
  BOOST_TEST(slot_of("{user1000}.following") == slot_of("user1000"));
  BOOST_TEST(slot_of("foo{bar}{zap}") == slot_of("bar"));
  BOOST_TEST(slot_of("foo{{bar}}zap") == slot_of("{bar"));
  BOOST_TEST(slot_of("foo{}{bar}") != slot_of("bar"));
  BOOST_TEST(slot_of("foo{bar") != slot_of("bar"));
}

BOOST_AUTO_TEST_CASE(a_key_in_two_parts_hashes_as_a_whole) {
  for (const std::string key : {"plain", "{tag}rest", "front{tag}rest", "}{x}", "{}{a}", "{ab", "a{b}c{d}"})
    for (std::size_t split = 0; split <= key.size(); ++split)
      BOOST_TEST(slot_of(std::string_view(key).substr(0, split), std::string_view(key).substr(split)) ==
                 slot_of(key));
}

BOOST_AUTO_TEST_CASE(ranges_masters_and_replicas_are_read) {
  const auto map = SlotMap::read(list({list({integer(0), integer(99), server("a", 1), server("b", 2)}),
                                       list({integer(100), integer(16383), server("c", 3)})}),
                                 asked);
  BOOST_REQUIRE(map.has_value());
  BOOST_TEST(map->slots_held() == 16384u);
  BOOST_TEST(map->master_of(99)->text() == "a:1");
  BOOST_TEST(map->master_of(100)->text() == "c:3");
  BOOST_REQUIRE(map->shard_of(5)->replicas.size() == 1u);
  BOOST_TEST(map->servers()[map->shard_of(5)->replicas[0]].text() == "b:2");
}

BOOST_AUTO_TEST_CASE(what_makes_no_sense_is_left_out) {
  struct Row {
    const char* what;
    Reply range;
    std::size_t held;
  };
  const std::vector<Row> rows = {
      {"backwards", list({integer(9), integer(5), server("a", 1)}), 1},
      {"negative", list({integer(-1), integer(5), server("a", 1)}), 1},
      {"too large", list({integer(0), integer(16384), server("a", 1)}), 1},
      {"port 0", list({integer(0), integer(9), server("a", 0)}), 1},
      {"negative port", list({integer(0), integer(9), server("a", -5)}), 1},
      {"port too large", list({integer(0), integer(9), server("a", 65536)}), 1},
      {"unknown host", list({integer(0), integer(9), server("?", 1)}), 1},
      {"no server", list({integer(0), integer(9)}), 1},
      {"no numbers", list({bulk("0"), bulk("9"), server("a", 1)}), 1},
      {"no list", integer(5), 1},
      {"empty list", list({}), 1},
      {"server without a port", list({integer(0), integer(9), list({bulk("a")})}), 1},
      {"server that is no list", list({integer(0), integer(9), bulk("a")}), 1},
      {"overlap", list({integer(16380), integer(16383), server("thief", 1)}), 4},
      {"good", list({integer(0), integer(9), server("a", 1)}), 11},
  };
  for (const auto& row : rows) {
    BOOST_TEST_CONTEXT(row.what) {
      const auto map =
          SlotMap::read(list({list({integer(16383), integer(16383), server("last", 9)}), row.range}), asked);
      BOOST_REQUIRE(map.has_value());
      BOOST_TEST(map->slots_held() == row.held);
      BOOST_TEST(map->master_of(16383)->text() == "last:9");
    }
  }
}

BOOST_AUTO_TEST_CASE(an_answer_without_any_slot_is_no_map) {
  BOOST_TEST(!SlotMap::read(list({}), asked).has_value());
  BOOST_TEST(!SlotMap::read(integer(1), asked).has_value());
  BOOST_TEST(!SlotMap::read(list({list({integer(0), integer(1), server("a", 0)})}), asked).has_value());
}

BOOST_AUTO_TEST_CASE(a_missing_host_is_the_one_that_was_asked) {
  for (const Reply& host : {nil(), bulk("")}) {
    const auto map =
        SlotMap::read(list({list({integer(0), integer(9), list({host, integer(7001), bulk("id")})})}), asked);
    BOOST_REQUIRE(map.has_value());
    BOOST_TEST(map->master_of(0)->text() == "asked:7001");
  }
}

BOOST_AUTO_TEST_CASE(a_replica_that_makes_no_sense_does_not_cost_the_range) {
  const auto map = SlotMap::read(
      list({list({integer(0), integer(9), server("a", 1), server("b", 0), list({}), server("a", 1)})}),
      asked);
  BOOST_REQUIRE(map.has_value());
  BOOST_TEST(map->shard_of(0)->replicas.empty());
}

BOOST_AUTO_TEST_CASE(moving_a_slot_moves_no_other) {
  auto map = SlotMap::read(list({list({integer(0), integer(9), server("a", 1)})}), asked);
  BOOST_REQUIRE(map.has_value());
  map->move(5, {"new", 2, {}});
  BOOST_TEST(map->master_of(4)->text() == "a:1");
  BOOST_TEST(map->master_of(5)->text() == "new:2");
  BOOST_TEST(map->master_of(6)->text() == "a:1");
  BOOST_TEST((map->master_of(10) == nullptr));
}

BOOST_AUTO_TEST_CASE(a_server_without_the_name_that_its_cluster_prefers_is_known_by_its_address) {
  const auto named = [](const std::string& host, Reply metadata) {
    return list({bulk(host), integer(7001), bulk("id"), std::move(metadata)});
  };
  struct Row {
    const char* what;
    Reply server;
    const char* address;
  };
  const std::vector<Row> rows = {
      {"address", named("?", list({bulk("ip"), bulk("10.0.0.1")})), "10.0.0.1:7001"},
      {"address among others", named("?", list({bulk("x"), bulk("ip"), bulk("ip"), bulk("10.0.0.1")})),
       "10.0.0.1:7001"},
      {"name and address", named("name", list({bulk("ip"), bulk("10.0.0.1")})), "name:7001"},
      {"unknown address", named("?", list({bulk("ip"), bulk("?")})), nullptr},
      {"empty address", named("?", list({bulk("ip"), bulk("")})), nullptr},
      {"no value", named("?", list({bulk("ip")})), nullptr},
      {"no list", named("?", integer(1)), nullptr},
  };
  for (const auto& row : rows) {
    const auto map = SlotMap::read(list({list({integer(0), integer(9), row.server, row.server})}), asked);
    BOOST_TEST(map.has_value() == (row.address != nullptr), row.what);
    if (map) BOOST_TEST(map->master_of(0)->text() == row.address, row.what);
  }
}

BOOST_AUTO_TEST_SUITE_END()
