#include "integration/redis_cache_fixture.hpp"
#include "support/patient.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;

namespace {

RedisServer& server() {
  static RedisServer shared;
  return shared;
}

struct Connected {
  Connected() { server().probe().flush(); }
  StartedCache cache{options_for_port(server().port())};
  RedisProbe probe = server().probe();
};

std::string every_byte() {
  std::string bytes;
  for (int value = 0; value < 256; ++value)
    bytes += static_cast<char>(value);
  return bytes;
}

std::vector<std::string> values_of_all_sizes() {
  std::vector<std::string> values{"", "a", every_byte(), "\r\n", "$-1\r\n", std::string(1, '\0')};
  for (const std::size_t size :
       {80U, 81U, 255U, 256U, 257U, 4096U, 16383U, 16384U, 16385U, 65536U, 1048576U}) {
    std::string value(size, 'x');
    for (std::size_t index = 0; index < size; ++index)
      value[index] = static_cast<char>(index * 131 + index / 251);
    values.push_back(value);
  }
  return values;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(redis_cache_wire)

BOOST_AUTO_TEST_CASE(the_commands_are_the_ones_that_other_clients_expect) {
  auto monitor = server().monitor();
  const StartedCache cache(options_for_port(server().port()));
  BOOST_TEST(cache->set_value("key", "value", 60s));
  BOOST_TEST(cache->set_value("key", "value", 1500ms));
  BOOST_TEST(cache->get_value("key")->text() == "value");
  BOOST_TEST(cache->contains("key").value());
  BOOST_TEST(cache->time_to_live("key").ok());
  BOOST_TEST(cache->remove("key").value());
  const std::vector<std::string> expected{
      "PING", "SETEX key 60 value", "PSETEX key 1500 value", "GET key", "EXISTS key", "PTTL key", "DEL key"};
  BOOST_TEST(monitor.texts_so_far() == expected, boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(a_value_and_its_life_are_asked_for_in_one_round_trip, Connected) {
  probe.set("key", "value");
  probe.checked({"PEXPIRE", "key", "90000"});
  probe.set("endless", "value");
  auto monitor = server().monitor();
  Value value;
  EntryLife life;
  BOOST_TEST((cache->read_with_life("key", value, life).value_or(Found::miss) == Found::hit));
  BOOST_TEST(value.text() == "value");
  BOOST_TEST((life.left.state == Remaining::State::expires && life.left.left > 60s));
  BOOST_TEST(life.server == 0U);
  BOOST_TEST((cache->read_with_life("absent", value, life).value_or(Found::hit) == Found::miss));
  const std::vector<std::string_view> keys{"endless", "absent", "key"};
  std::vector<Lookup> found(3);
  std::vector<EntryLife> lives(3);
  cache->read_with_life_many(keys, found, lives);
  BOOST_TEST((lives[0].left.state == Remaining::State::no_expiry));
  BOOST_TEST(found[1].miss());
  BOOST_TEST((lives[2].left.left > 60s));
  const std::vector<std::string> expected{
      "GET key",      "PTTL key",    "GET absent", "PTTL absent", "MGET endless absent key",
      "PTTL endless", "PTTL absent", "PTTL key"};
  BOOST_TEST(monitor.texts_so_far() == expected, boost::test_tools::per_element());
  BOOST_TEST(cache->statistics().hits == 3U);
  BOOST_TEST(cache->statistics().misses == 2U);
}

BOOST_AUTO_TEST_CASE(the_prefix_the_database_and_the_client_name_are_used) {
  auto options = options_for_port(server().port());
  options.prefix = "shop:";
  options.db = 3;
  options.client_name = "cart";
  auto monitor = server().monitor();
  const StartedCache cache(options);
  BOOST_TEST(cache->set_value("key", "value", 1s));
  BOOST_TEST(cache->get_value("key")->text() == "value");
  const std::vector<std::string> expected{"CLIENT SETNAME cart", "SELECT 3", "PING", "SETEX shop:key 1 value",
                                          "GET shop:key"};
  BOOST_TEST(monitor.texts_so_far() == expected, boost::test_tools::per_element());
  BOOST_TEST(server().probe().count_clients("cart") == 1U);
}

BOOST_FIXTURE_TEST_CASE(values_written_here_are_read_elsewhere_byte_for_byte, Connected) {
  for (const auto& value : values_of_all_sizes()) {
    BOOST_TEST(cache->set_value("key", value, 1min));
    BOOST_TEST((probe.get("key") == value), "size " << value.size());
  }
}

BOOST_FIXTURE_TEST_CASE(values_written_elsewhere_are_read_here_byte_for_byte, Connected) {
  Value reused;
  for (const auto& value : values_of_all_sizes()) {
    probe.set("key", value);
    const auto fresh = cache->get_value("key");
    BOOST_REQUIRE(fresh.has_value());
    BOOST_TEST((fresh->text() == value), "size " << value.size());
    BOOST_TEST((cache->read("key", reused).value() == Found::hit));
    BOOST_TEST((reused.text() == value), "size " << value.size());
  }
}

BOOST_FIXTURE_TEST_CASE(keys_may_hold_any_byte, Connected) {
  for (const auto& key :
       {every_byte(), std::string("a\r\nb c%d"), std::string(1, '\0'), std::string(65536, 'k')}) {
    BOOST_TEST(cache->set_value(key, "value", 1min));
    BOOST_TEST((probe.get(key) == "value"));
    BOOST_TEST((cache->get_value(key)->text() == "value"));
  }
}

BOOST_FIXTURE_TEST_CASE(a_null_is_stored_as_the_marker_of_redis_kit, Connected) {
  const std::string marker("\0__REDIS_KIT_NONE__\0", 20);
  BOOST_TEST(cache->set_value("key", std::nullopt, 1min));
  BOOST_TEST((probe.get("key") == marker));
  BOOST_TEST(cache->get("key").null());
  probe.set("key", "__REDIS_KIT_NONE__");
  BOOST_TEST(cache->get("key").null());
  for (const auto& value : {marker, marker + "x", marker + marker, std::string("__REDIS_KIT_NONE__"),
                            std::string("__REDIS_KIT_NONE__x"), std::string()}) {
    BOOST_TEST(cache->set_value("key", value, 1min));
    BOOST_TEST((cache->get("key").value().text() == value));
  }
}

BOOST_AUTO_TEST_CASE(a_null_may_be_stored_as_an_empty_value) {
  auto options = options_for_port(server().port());
  options.null_as = NullAs::empty;
  const StartedCache cache(options);
  BOOST_TEST(cache->set_value("key", std::nullopt, 1min));
  BOOST_TEST((server().probe().get("key") == ""));
  BOOST_TEST(cache->get("key").hit());
  const std::string marker("\0__REDIS_KIT_NONE__\0", 20);
  BOOST_TEST(cache->set_value("key", marker, 1min));
  BOOST_TEST((server().probe().get("key") == marker));
  BOOST_TEST((cache->get("key").value().text() == marker));
}

BOOST_FIXTURE_TEST_CASE(a_key_of_another_type_is_refused_in_the_servers_words, Connected) {
  probe.checked({"LPUSH", "key", "element"});
  const auto found = cache->get("key");
  BOOST_REQUIRE(found.failed());
  BOOST_TEST((found.error().code() == ErrorCode::refused));
  BOOST_TEST(found.error().message().starts_with("WRONGTYPE"));
  BOOST_TEST(!cache->get("absent").failed());
}

BOOST_AUTO_TEST_CASE(a_value_over_the_limit_is_neither_written_nor_read) {
  auto options = options_for_port(server().port());
  options.max_value_bytes = ByteSize{1000};
  const StartedCache cache(options);
  const std::string fits(1000, 'x');
  BOOST_TEST(cache->set_value("key", fits, 1min));
  BOOST_TEST((cache->get_value("key")->text() == fits));
  auto monitor = server().monitor();
  const auto written = cache->write("key", fits + "x", 1min);
  BOOST_TEST((written.error().code() == ErrorCode::too_large));
  BOOST_TEST(monitor.texts_so_far().empty());
  server().probe().set("key", std::string(5000, 'x'));
  BOOST_TEST((cache->get("key").error().code() == ErrorCode::too_large));
  BOOST_TEST(cache->set_value("key", "short", 1min));
  BOOST_TEST((cache->get_value("key")->text() == "short"));
}

BOOST_AUTO_TEST_CASE(a_unix_socket_works_like_a_port) {
  auto options = patient<RedisCacheOptions>();
  options.unix_socket_path = server().unix_socket_path();
  const StartedCache cache(options);
  BOOST_TEST(cache->set_value("key", "value", 1min));
  BOOST_TEST((cache->get_value("key")->text() == "value"));
}

BOOST_AUTO_TEST_CASE(a_cache_that_was_not_started_starts_with_the_first_call) {
  RedisCache cache(options_for_port(server().port()));
  BOOST_TEST(cache.set_value("key", "value", 1min));
}

BOOST_FIXTURE_TEST_CASE(calls_are_counted, Connected) {
  BOOST_TEST(cache->set_value("key", "value", 1min));
  BOOST_TEST(cache->get_value("key").has_value());
  BOOST_TEST(!cache->get_value("absent").has_value());
  BOOST_TEST(!cache->set_value("", "value", 1min));
  BOOST_TEST(cache->remove("key").value());
  const auto statistics = cache->statistics();
  BOOST_TEST(statistics.hits == 1U);
  BOOST_TEST(statistics.misses == 1U);
  BOOST_TEST(statistics.writes == 1U);
  BOOST_TEST(statistics.removals == 1U);
  BOOST_TEST(statistics.refusals == 1U);
  BOOST_TEST(statistics.failures == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
