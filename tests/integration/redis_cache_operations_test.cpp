// Counters, conditional writes and TTLs that change, on a real server.

#include "integration/redis_cache_fixture.hpp"
#include "support/wait_until.hpp"

#include <cachesite/detail/ttl_jitter.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;

namespace {

constexpr auto highest = std::numeric_limits<std::int64_t>::max();

RedisServer& server() {
  static RedisServer shared;
  return shared;
}

struct Connected {
  Connected() { server().probe().flush(); }
  StartedCache cache{options_for_port(server().port())};
  RedisProbe probe = server().probe();
};

}  // namespace

BOOST_AUTO_TEST_SUITE(redis_cache_operations)

BOOST_FIXTURE_TEST_CASE(a_longer_ttl_of_another_program_counts_as_the_longest_there_is, Connected) {
  probe.checked({"SET", "key", "value"});
  probe.checked({"PEXPIRE", "key", "10000000000000"});
  BOOST_TEST((cache->time_to_live("key").value().left == TimeToLive::longest));
}

BOOST_FIXTURE_TEST_CASE(an_entry_that_never_expires_is_a_plain_set, Connected) {
  auto monitor = server().monitor();
  BOOST_TEST(cache->write("key", "value", TimeToLive::never_expires()).ok());
  BOOST_TEST(cache->add("other", "value", TimeToLive::never_expires()).value());
  BOOST_TEST(cache->replace("other", "value", TimeToLive::never_expires()).value());
  const std::vector<std::string> expected{"SET key value", "SET other value NX", "SET other value XX"};
  BOOST_TEST(monitor.texts_so_far() == expected, boost::test_tools::per_element());
  BOOST_TEST(probe.ttl_milliseconds("key") == -1);
  BOOST_TEST((cache->time_to_live("key").value().state == Remaining::State::no_expiry));
}

BOOST_FIXTURE_TEST_CASE(add_and_replace_are_one_set_each, Connected) {
  auto monitor = server().monitor();
  BOOST_TEST(!cache->replace("key", "value", 60s).value());
  BOOST_TEST(cache->add("key", "first", 60s).value());
  BOOST_TEST(!cache->add("key", "second", 1500ms).value());
  BOOST_TEST(cache->replace("key", "third", 1500ms).value());
  const std::vector<std::string> expected{"SET key value XX EX 60", "SET key first NX EX 60",
                                          "SET key second NX PX 1500", "SET key third XX PX 1500"};
  BOOST_TEST(monitor.texts_so_far() == expected, boost::test_tools::per_element());
  BOOST_TEST((probe.get("key") == "third"));
  BOOST_TEST(cache->statistics().writes == 2U);
}

BOOST_FIXTURE_TEST_CASE(a_null_can_be_added_and_keeps_others_out, Connected) {
  BOOST_TEST(cache->add("key", std::nullopt, 1min).value());
  BOOST_TEST(cache->get("key").null());
  BOOST_TEST(!cache->add("key", "value", 1min).value());
}

BOOST_FIXTURE_TEST_CASE(a_counter_begins_at_0_with_a_ttl_which_later_steps_leave_alone, Connected) {
  BOOST_TEST(cache->increment("count", 5, 1min).value() == 5);
  const auto first = probe.ttl_milliseconds("count");
  BOOST_TEST((first > 50'000 && first <= 60'000));
  BOOST_TEST(cache->increment("count", -7, 1h).value() == -2);
  BOOST_TEST(probe.ttl_milliseconds("count") <= first);
  BOOST_TEST((probe.get("count") == "-2"));
  BOOST_TEST(cache->get_value("count")->text() == "-2");
  BOOST_TEST(cache->increment("endless", 3, TimeToLive::never_expires()).value() == 3);
  BOOST_TEST(probe.ttl_milliseconds("endless") == -1);
  BOOST_TEST(cache->increment("endless", 3, 1min).value() == 6);
  BOOST_TEST(probe.ttl_milliseconds("endless") == -1);
}

BOOST_FIXTURE_TEST_CASE(a_counter_that_expired_begins_anew_and_has_a_ttl_again, Connected) {
  BOOST_TEST(cache->increment("count", 5, 20ms).value() == 5);
  BOOST_TEST(wait_until([&] { return !probe.exists("count"); }));
  BOOST_TEST(cache->increment("count", 1, 1min).value() == 1);
  BOOST_TEST(probe.ttl_milliseconds("count") > 50'000);
}

BOOST_FIXTURE_TEST_CASE(counters_are_exact_to_the_last_of_64_bits, Connected) {
  probe.set("count", "9007199254740992");
  BOOST_TEST(cache->increment("count", 1, 1min).value() == 9007199254740993);
  BOOST_TEST(cache->increment("high", highest, 1min).value() == highest);
  BOOST_TEST(cache->increment("low", std::numeric_limits<std::int64_t>::min(), 1min).value() ==
             std::numeric_limits<std::int64_t>::min());
}

BOOST_FIXTURE_TEST_CASE(what_is_no_counter_is_refused_and_stays_as_it_is, Connected) {
  BOOST_TEST(cache->set_value("text", "twelve", 1min));
  BOOST_TEST(cache->set_value("null", std::nullopt, 1min));
  probe.checked({"LPUSH", "list", "element"});
  for (const TimeToLive time_to_live : {TimeToLive(1min), TimeToLive::never_expires()}) {
    for (const char* const key : {"text", "null", "list"}) {
      const auto sum = cache->increment(key, 1, time_to_live);
      BOOST_REQUIRE(!sum.ok());
      BOOST_TEST((sum.error().code() == ErrorCode::refused));
      BOOST_TEST(sum.error().message() == "the entry is not a counter");
    }
    BOOST_TEST(cache->write("high", std::to_string(highest), 1min).ok());
    const auto sum = cache->increment("high", 1, time_to_live);
    BOOST_REQUIRE(!sum.ok());
    BOOST_TEST((sum.error().code() == ErrorCode::refused));
    BOOST_TEST(sum.error().message() == "the counter would leave the range of 64 bits");
  }
  BOOST_TEST((probe.get("text") == "twelve"));
  BOOST_TEST((probe.get("high") == std::to_string(highest)));
  BOOST_TEST(cache->get("null").null());
}

BOOST_FIXTURE_TEST_CASE(a_step_is_one_command_and_a_server_that_forgot_the_script_learns_it_again,
                        Connected) {
  BOOST_TEST(cache->increment("count", 1, 1min).value() == 1);
  probe.checked({"SCRIPT", "FLUSH"});
  BOOST_TEST(cache->increment("count", 1, 1min).value() == 2);
  auto monitor = server().monitor();
  BOOST_TEST(cache->increment("count", 1, 1min).value() == 3);
  std::vector<std::string> sent;
  for (const auto& command : monitor.commands_so_far())
    if (command.client != "lua") sent.push_back(command.arguments.front());
  BOOST_TEST(sent == std::vector<std::string>{"EVALSHA"}, boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(counters_shared_by_four_connections_are_exact, Connected) {
  constexpr int rounds = 250;
  std::vector<std::thread> workers;
  std::atomic<int> failed{0};
  for (int worker = 0; worker < 4; ++worker)
    workers.emplace_back([&failed] {
      const StartedCache own(options_for_port(server().port()));
      for (int round = 0; round < rounds; ++round)
        if (!own->increment("count", 1, 1min).ok()) ++failed;
    });
  for (auto& worker : workers)
    worker.join();
  BOOST_TEST(failed.load() == 0);
  BOOST_TEST((probe.get("count") == std::to_string(4 * rounds)));
}

BOOST_AUTO_TEST_CASE(a_step_whose_answer_is_lost_is_not_done_again) {
  ChaosProxy proxy(server().port());
  auto probe = server().probe();
  probe.flush();
  const StartedCache cache(options_for_port(proxy.port()));
  std::int64_t certain = 0;
  std::int64_t possible = 0;
  for (int round = 0; round < 30; ++round) {
    Faults cut;
    cut.cut_after = round % 2 == 0 ? 0 : 3;
    cut.cut_once = true;
    proxy.set(round % 3 == 0 ? Direction::to_server : Direction::to_client, cut);
    const auto sum = cache->increment("count", 1, round % 5 == 0 ? TimeToLive::never_expires() : 1min);
    proxy.pass();
    if (sum.ok())
      ++certain;
    else if (sum.error().outcome() == Outcome::unknown)
      ++possible;
    BOOST_TEST(wait_until([&] { return cache->contains("count").ok(); }));
  }
  const auto counted = std::stoll(probe.get("count").value_or("0"));
  BOOST_TEST(possible > 0);
  BOOST_TEST(counted >= certain);
  BOOST_TEST(counted <= certain + possible);
}

BOOST_FIXTURE_TEST_CASE(the_end_of_an_entry_can_be_moved_and_taken_away, Connected) {
  BOOST_TEST(!cache->expire("key", 1min).value());
  BOOST_TEST(!cache->expire("key", TimeToLive::never_expires()).value());
  BOOST_TEST(!cache->persist("key").value());
  BOOST_TEST(cache->set_value("key", "value", 1min));
  BOOST_TEST(cache->expire("key", 1h).value());
  BOOST_TEST(probe.ttl_milliseconds("key") > 3'000'000);
  BOOST_TEST(cache->persist("key").value());
  BOOST_TEST(!cache->persist("key").value());
  BOOST_TEST(probe.ttl_milliseconds("key") == -1);
  BOOST_TEST(cache->expire("key", TimeToLive::never_expires()).value());
  BOOST_TEST(cache->expire("key", 1min).value());
  BOOST_TEST(cache->expire("key", TimeToLive::never_expires()).value());
  BOOST_TEST(probe.ttl_milliseconds("key") == -1);
  BOOST_TEST(cache->expire_at("key", std::chrono::system_clock::now() + 1h).value());
  BOOST_TEST(probe.ttl_milliseconds("key") > 3'000'000);
  BOOST_TEST(cache->expire_at("key", std::chrono::system_clock::now() - 1h).value());
  BOOST_TEST(!probe.exists("key"));
}

BOOST_AUTO_TEST_CASE(jitter_moves_the_ends_of_entries_apart_but_not_those_of_counters_and_of_expire) {
  auto options = options_for_port(server().port());
  options.ttl_jitter = 0.2;
  const StartedCache cache(options);
  server().probe().flush();
  auto monitor = server().monitor();
  BOOST_TEST(cache->set_value("a", "1", 100s));
  cache->set_many({{"a", "1", 100s}, {"b", "1", 100s}});
  BOOST_TEST(cache->expire("a", 100s).value());
  const auto end_of = [](std::string_view key) { return std::to_string(jittered(100s, key, 0.2).count()); };
  BOOST_TEST(end_of("a") != end_of("b"));
  const std::vector<std::string> expected{"PSETEX a " + end_of("a") + " 1", "PSETEX a " + end_of("a") + " 1",
                                          "PSETEX b " + end_of("b") + " 1", "PEXPIRE a 100000"};
  BOOST_TEST(monitor.texts_so_far() == expected, boost::test_tools::per_element());
  BOOST_TEST(cache->increment("sum", 1, 100s).ok());
  const auto left = server().probe().ttl_milliseconds("sum");
  BOOST_TEST((left > 99'000 && left <= 100'000), "the counter lives for " << left << " ms");
}

BOOST_FIXTURE_TEST_CASE(a_stopped_cache_answers_closed_to_every_call, Connected) {
  cache->stop();
  const auto closed = [](const auto& result) { return result.error().code() == ErrorCode::closed; };
  BOOST_TEST(closed(cache->add("key", "value", 1min)));
  BOOST_TEST(closed(cache->increment("key", 1, 1min)));
  BOOST_TEST(closed(cache->expire("key", TimeToLive::never_expires())));
  BOOST_TEST(closed(cache->get_many({"key"}).front()));
  BOOST_TEST(closed(cache->set_many({{"key", "value", 1min}}).front()));
  BOOST_TEST(closed(cache->remove_many({"key"}).front()));
  BOOST_TEST(closed(cache->clear()));
  BOOST_TEST(closed(cache->size()));
  BOOST_TEST(closed(cache->flush_database()));
}

BOOST_FIXTURE_TEST_CASE(every_change_is_counted_once_and_what_changes_nothing_is_not, Connected) {
  const auto never = TimeToLive::never_expires();
  struct Row {
    const char* what;
    std::function<bool()> change;
    std::uint64_t writes, removals;
  };
  const Row rows[] = {
      {"write", [&] { return cache->write("a", "1", 1min).ok(); }, 1, 0},
      {"write without end", [&] { return cache->write("a", "1", never).ok(); }, 1, 0},
      {"null", [&] { return cache->write("null", std::nullopt, 1min).ok(); }, 1, 0},
      {"add", [&] { return cache->add("new", "1", 1min).ok(); }, 1, 0},
      {"add to an entry", [&] { return cache->add("new", "1", 1min).ok(); }, 0, 0},
      {"replace", [&] { return cache->replace("new", "2", never).ok(); }, 1, 0},
      {"replace nothing", [&] { return cache->replace("absent", "2", 1min).ok(); }, 0, 0},
      {"increment without end", [&] { return cache->increment("n", 1, never).ok(); }, 1, 0},
      {"increment again", [&] { return cache->increment("n", -1, never).ok(); }, 1, 0},
      {"increment", [&] { return cache->increment("m", 1, 1min).ok(); }, 1, 0},
      {"increment once more", [&] { return cache->increment("m", 1, 1min).ok(); }, 1, 0},
      {"increment of text", [&] { return !cache->increment("null", 1, never).ok(); }, 0, 0},
      {"set_many",
       [&] {
         return cache->set_many({{"x", "1", 1min}, {"y", "2", never}}).back().ok();
       },
       2, 0},
      {"expire", [&] { return cache->expire("x", 2min).ok(); }, 0, 0},
      {"persist", [&] { return cache->persist("x").ok(); }, 0, 0},
      {"remove", [&] { return cache->remove("x").ok(); }, 0, 1},
      {"remove nothing", [&] { return cache->remove("x").ok(); }, 0, 0},
      {"remove_many",
       [&] {
         return cache->remove_many({"y", "x", "n"}).back().ok();
       },
       0, 2},
  };
  for (const auto& row : rows) {
    const auto before = cache->statistics();
    BOOST_TEST(row.change(), row.what);
    const auto after = cache->statistics();
    BOOST_TEST(after.writes - before.writes == row.writes, row.what);
    BOOST_TEST(after.removals - before.removals == row.removals, row.what);
  }
}

BOOST_AUTO_TEST_SUITE_END()
