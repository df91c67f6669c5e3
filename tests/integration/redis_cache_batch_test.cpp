// Many keys in one go, on a real server, over a bad link, and on a cluster.

#include "integration/redis_cache_fixture.hpp"
#include "support/cluster_lab.hpp"
#include "support/patient.hpp"
#include "support/wait_until.hpp"

#include <algorithm>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;

BOOST_AUTO_TEST_SUITE(redis_cache_batch)

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

/// Keys and values that belong together, and views of them for calls of many.
struct Entries {
  explicit Entries(std::size_t count, std::string_view value = "value of ") {
    for (std::size_t index = 0; index < count; ++index) {
      keys.push_back("key" + std::to_string(index));
      values.push_back(std::string(value) + keys.back());
    }
    views.assign(keys.begin(), keys.end());
    for (std::size_t index = 0; index < count; ++index)
      entries.push_back({keys[index], values[index], 1min});
  }

  std::vector<std::string> keys;
  std::vector<std::string> values;
  std::vector<std::string_view> views;
  std::vector<CacheEntry> entries;
};

template <class Results>
bool all_ok(const Results& results) {
  return std::all_of(results.begin(), results.end(), [](const auto& result) { return result.ok(); });
}

}  // namespace

BOOST_FIXTURE_TEST_CASE(a_batch_is_what_redis_kit_sends, Connected) {
  auto monitor = server().monitor();
  cache->set_many({{"a", "1", 60s}, {"b", "2", TimeToLive::never_expires()}, {"c", std::nullopt, 1500ms}});
  const auto found = cache->get_many({"a", "b", "absent", "c", "a"});
  const auto removed = cache->remove_many({"a", "absent", "b"});
  const std::vector<std::string> expected{"SETEX a 60 1",
                                          "SET b 2",
                                          "PSETEX c 1500 " + std::string("\0__REDIS_KIT_NONE__\0", 20),
                                          "MGET a b absent c a",
                                          "UNLINK a",
                                          "UNLINK absent",
                                          "UNLINK b"};
  BOOST_TEST(monitor.texts_so_far() == expected, boost::test_tools::per_element());
  BOOST_REQUIRE(found.size() == 5U);
  BOOST_TEST(found[0].value().text() == "1");
  BOOST_TEST(found[1].value().text() == "2");
  BOOST_TEST(found[2].miss());
  BOOST_TEST(found[3].null());
  BOOST_TEST(found[3].value().empty());
  BOOST_TEST(found[4].value().text() == "1");
  BOOST_TEST((removed[0].value() && !removed[1].value() && removed[2].value()));
  const auto statistics = cache->statistics();
  BOOST_TEST(statistics.writes == 3U);
  BOOST_TEST(statistics.hits == 4U);
  BOOST_TEST(statistics.misses == 1U);
  BOOST_TEST(statistics.removals == 2U);
}

BOOST_FIXTURE_TEST_CASE(an_empty_batch_sends_nothing, Connected) {
  auto monitor = server().monitor();
  BOOST_TEST(cache->get_many(std::span<const std::string_view>()).empty());
  BOOST_TEST(cache->set_many(std::span<const CacheEntry>()).empty());
  BOOST_TEST(cache->remove_many(std::span<const std::string_view>()).empty());
  BOOST_TEST(monitor.texts_so_far().empty());
}

BOOST_FIXTURE_TEST_CASE(the_markers_of_nulls_old_and_new_are_told_apart_for_each_value, Connected) {
  probe.set("new", std::string("\0__REDIS_KIT_NONE__\0", 20));
  probe.set("old", "__REDIS_KIT_NONE__");
  probe.set("empty", "");
  BOOST_TEST(cache->set_value("escaped", "__REDIS_KIT_NONE__", 1min));
  const auto found = cache->get_many({"new", "old", "empty", "escaped"});
  BOOST_TEST(found[0].null());
  BOOST_TEST(found[1].null());
  BOOST_TEST((found[2].hit() && found[2].value().empty()));
  BOOST_TEST(found[3].value().text() == "__REDIS_KIT_NONE__");
}

BOOST_AUTO_TEST_CASE(all_of_a_batch_is_sent_before_an_answer_is_awaited) {
  ChaosProxy proxy(server().port());
  server().probe().flush();
  const StartedCache cache(options_for_port(proxy.port()));
  const Entries entries(1000);
  BOOST_TEST(cache->contains("key").ok());
  Faults hold;
  hold.flow = Flow::hold;
  proxy.set(Direction::to_client, hold);
  auto monitor = server().monitor();
  std::vector<Status> results;
  std::thread caller([&] { results = cache->set_many(entries.entries); });
  BOOST_TEST(monitor.wait_until([](const auto& commands) { return commands.size() == 1000; }));
  proxy.pass();
  caller.join();
  BOOST_TEST(all_ok(results));
}

BOOST_FIXTURE_TEST_CASE(a_large_batch_is_split_and_every_key_has_its_own_answer, Connected) {
  const Entries entries(5000);
  BOOST_TEST(all_ok(cache->set_many(entries.entries)));
  BOOST_TEST(probe.checked({"DBSIZE"}).integer == 5000);
  auto monitor = server().monitor();
  const auto found = cache->get_many(entries.views);
  std::size_t wrong = 0;
  for (std::size_t index = 0; index < found.size(); ++index)
    if (found[index].value().text() != entries.values[index]) ++wrong;
  BOOST_TEST(wrong == 0U);
  std::size_t longest = 0;
  for (const auto& command : monitor.commands_so_far())
    longest = std::max(longest, command.arguments.size());
  BOOST_TEST(longest == 513U);
  std::vector<Result<Remaining>> left(entries.views.size(), Result<Remaining>(Remaining{}));
  cache->time_to_live_many(entries.views, left);
  BOOST_TEST(std::all_of(left.begin(), left.end(), [](const auto& result) {
    return result.ok() && result.value().state == Remaining::State::expires;
  }));
  const auto removed = cache->remove_many(entries.views);
  BOOST_TEST(
      std::all_of(removed.begin(), removed.end(), [](const auto& result) { return result.value_or(false); }));
  BOOST_TEST(probe.checked({"DBSIZE"}).integer == 0);
}

BOOST_FIXTURE_TEST_CASE(large_values_go_through_a_batch_byte_for_byte, Connected) {
  const Entries entries(30, std::string(300'000, 'x'));
  BOOST_TEST(all_ok(cache->set_many(entries.entries)));
  const auto found = cache->get_many(entries.views);
  for (std::size_t index = 0; index < found.size(); ++index)
    BOOST_TEST((found[index].value().text() == entries.values[index]));
}

BOOST_AUTO_TEST_CASE(a_value_over_the_limit_fails_alone) {
  server().probe().flush();
  auto options = options_for_port(server().port());
  options.max_value_bytes = ByteSize{100'000};
  const StartedCache cache(options);
  Entries entries(40);
  const std::string too_long(100'001, 'x');
  entries.entries[7].value = too_long;
  const auto stored = cache->set_many(entries.entries);
  for (std::size_t index = 0; index < stored.size(); ++index)
    BOOST_TEST(stored[index].ok() == (index != 7));
  BOOST_TEST((stored[7].error().code() == ErrorCode::too_large));
  server().probe().set("key7", std::string(300'000, 'x'));
  const auto found = cache->get_many(entries.views);
  for (std::size_t index = 0; index < found.size(); ++index)
    if (index == 7)
      BOOST_TEST((found[index].error().code() == ErrorCode::too_large));
    else
      BOOST_TEST(found[index].hit(), index);
}

BOOST_FIXTURE_TEST_CASE(a_key_that_holds_no_string_is_a_miss_to_a_batch, Connected) {
  probe.checked({"LPUSH", "list", "element"});
  BOOST_TEST(cache->set_value("key", "value", 1min));
  const auto found = cache->get_many({"list", "key"});
  BOOST_TEST(found[0].miss());
  BOOST_TEST(found[1].hit());
}

BOOST_AUTO_TEST_CASE(a_server_that_dies_in_the_middle_of_a_batch_leaves_a_result_for_every_key) {
  RedisServer own;
  ChaosProxy proxy(own.port());
  const StartedCache cache(options_for_port(proxy.port()));
  const Entries entries(500);
  BOOST_TEST(cache->contains("key").ok());
  Faults cut;
  cut.cut_after = 6000;
  cut.cut_once = true;
  proxy.set(Direction::to_server, cut);
  const auto stored = cache->set_many(entries.entries);
  BOOST_TEST(proxy.wait_for_cuts(1));
  const auto arrived = static_cast<std::size_t>(own.probe().checked({"DBSIZE"}).integer);
  BOOST_TEST(arrived > 0U);
  BOOST_TEST(arrived < entries.keys.size());
  std::size_t confirmed = 0;
  for (std::size_t index = 0; index < stored.size(); ++index)
    if (stored[index].ok())
      confirmed += own.probe().exists(entries.keys[index]) ? 1U : 1000U;
    else
      BOOST_TEST((stored[index].error().outcome() == Outcome::unknown));
  BOOST_TEST(confirmed <= arrived);
  BOOST_TEST(cache->statistics().failures == 500U - confirmed);
  BOOST_TEST(cache->statistics().writes == confirmed);
  // What was answered before the end is known to be done.
  proxy.pass();
  BOOST_TEST(wait_until([&] { return cache->contains("key").ok(); }));
  cut.cut_after = 600;
  proxy.set(Direction::to_client, cut);
  const auto answered = cache->set_many(entries.entries);
  const auto count =
      std::count_if(answered.begin(), answered.end(), [](const auto& status) { return status.ok(); });
  BOOST_TEST(count == 120);
  // Reads do no harm when they are done twice.
  proxy.pass();
  BOOST_TEST(wait_until([&] { return all_ok(cache->set_many(entries.entries)); }));
  cut.cut_after = 3000;
  proxy.set(Direction::to_client, cut);
  for (const auto& found : cache->get_many(entries.views))
    BOOST_TEST(found.hit());
  own.kill();
  for (const auto& found : cache->get_many(entries.views))
    BOOST_TEST((found.failed() && found.error().code() == ErrorCode::unreachable));
}

BOOST_AUTO_TEST_CASE(a_cluster_does_batches_on_all_its_servers_and_a_dead_one_fails_its_keys_alone) {
  ClusterLab lab({.replicas_per_master = 0});
  auto options = patient<RedisCacheOptions>();
  options.startup_nodes = {"127.0.0.1:" + std::to_string(lab.ports().front())};
  options.socket_timeout = 1s;
  options.prefix = "app[1]:";
  const StartedCache cache(options);
  const Entries entries(900);
  BOOST_TEST(all_ok(cache->set_many(entries.entries)));
  const auto found = cache->get_many(entries.views);
  for (std::size_t index = 0; index < found.size(); ++index)
    BOOST_TEST((found[index].value().text() == entries.values[index]));
  BOOST_TEST(cache->size().value() == 900U);
  lab.set("app1:neighbour", "value");
  std::size_t walked = 0;
  auto range = cache->keys("key*");
  for (const auto& key : range)
    walked += key.starts_with("key") ? 1U : 0U;
  BOOST_TEST(!range.error().has_value());
  BOOST_TEST(walked >= 900U);
  BOOST_TEST(cache->remove_matching("key1?").value() == 10U);
  BOOST_TEST(cache->increment("count", 2, 1min).value() == 2);
  BOOST_TEST(cache->increment("count", 2, 1min).value() == 4);
  BOOST_TEST(!cache->add("count", "value", 1min).value());
  BOOST_TEST(cache->expire("count", TimeToLive::never_expires()).value());
  BOOST_TEST(cache->clear().ok());
  BOOST_TEST(cache->size().value() == 0U);
  BOOST_TEST((lab.get("app1:neighbour") == "value"));

  const Entries few(90);
  BOOST_TEST(all_ok(cache->set_many(few.entries)));
  std::vector<std::size_t> masters;
  for (const auto& key : few.keys)
    masters.push_back(lab.master_of(lab.slot_of("app[1]:" + key)));
  const auto dead = masters.front();
  lab.node(dead).kill();
  const auto left = cache->get_many(few.views);
  std::size_t wrong = 0;
  for (std::size_t index = 0; index < left.size(); ++index)
    if (left[index].hit() != (masters[index] != dead)) ++wrong;
  BOOST_TEST(wrong == 0U);
  BOOST_TEST(left.front().failed());
  BOOST_TEST((cache->size().error().code() == ErrorCode::unreachable));
  BOOST_TEST(!cache->clear().ok());
  lab.node(dead).restart();
  lab.wait_until_ready();
  BOOST_TEST(wait_until([&] { return cache->flush_database().ok(); }));
  for (std::size_t index = 0; index < lab.nodes(); ++index)
    BOOST_TEST(lab.node(index).probe().checked({"DBSIZE"}).integer == 0);
}

BOOST_AUTO_TEST_CASE(values_larger_than_a_round_are_stored_wherever_they_stand_in_a_batch) {
  const std::string large(5 * 1024 * 1024, 'x');
  const std::vector<std::vector<std::string>> batches{
      {large}, {"a", large, "c"}, {large, "b", "c"}, {"a", "b", large}, {large, large}};
  for (const auto& batch : batches) {
    server().probe().flush();
    // A call that never returns is left behind with what it uses.
    struct Call {
      StartedCache cache{options_for_port(server().port())};
      std::vector<std::string> keys, values;
      std::promise<std::vector<Status>> done;
    };
    const auto call = std::make_shared<Call>();
    call->values = batch;
    for (std::size_t index = 0; index < batch.size(); ++index)
      call->keys.push_back("key" + std::to_string(index));
    auto results = call->done.get_future();
    std::thread([call] {
      std::vector<CacheEntry> entries;
      for (std::size_t index = 0; index < call->keys.size(); ++index)
        entries.push_back({call->keys[index], call->values[index], 1min});
      call->done.set_value(call->cache->set_many(entries));
    }).detach();
    BOOST_REQUIRE(results.wait_for(10s) == std::future_status::ready);
    BOOST_TEST(all_ok(results.get()));
    const std::vector<std::string_view> views(call->keys.begin(), call->keys.end());
    const auto lookups = call->cache->get_many(views);
    for (std::size_t index = 0; index < batch.size(); ++index) {
      BOOST_REQUIRE(lookups[index].hit());
      BOOST_TEST((lookups[index].value().text() == batch[index]));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
