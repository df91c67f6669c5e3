// The command `doctor`.

#include "support/scripted_server.hpp"
#include "tool_fixture.hpp"

#include <cachesite/redis_backplane.hpp>

#include <chrono>
#include <cstdint>
#include <fstream>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;

namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

constexpr const char* tiers_over_bus =
    "- class: TieredCache\n"
    "  entries: [{interface: ICache, name: tiers}]\n"
    "  over: shop\n"
    "  near: {class: MemoryCache}\n"
    "  coherence: {mode: backplane, backplane: bus}\n";

/// A backplane named "bus" on the server of the tool, and tiers that use it.
void add_backplane(const Tool& tool, const std::string& further_parameters = {}) {
  std::ofstream(tool.file, std::ios::app) << "- class: RedisBackplane\n"
                                             "  entries: [{interface: IBackplane, name: bus}]\n"
                                             "  channel: shop\n"
                                             "  beat_interval: 500ms\n"
                                             "  host: 127.0.0.1\n"
                                             "  port: "
                                          << tool.server.port() << "\n"
                                          << further_parameters << tiers_over_bus;
}

class Unconcerned final : public IBackplaneListener {
  void on_changes(std::span<const BackplaneChange>) noexcept override {}
  void on_state(const BackplaneState&) noexcept override {}
  void on_proven(std::int64_t) noexcept override {}
};

/// Another user of that backplane.
struct OtherProcess {
  explicit OtherProcess(const Tool& tool) : backplane(options(tool)) {}
  static RedisBackplaneOptions options(const Tool& tool) {
    RedisBackplaneOptions options;
    options.host = "127.0.0.1";
    options.port = tool.server.port();
    options.channel = "shop";
    options.beat_interval = std::chrono::milliseconds(500);
    return options;
  }
  Unconcerned listener;
  RedisBackplane backplane;
  std::unique_ptr<IBackplaneWatch> watch = backplane.watch(listener, std::chrono::milliseconds(500));
};

}  // namespace

BOOST_AUTO_TEST_SUITE(tool_doctor)

BOOST_AUTO_TEST_CASE(doctor_says_that_all_is_well) {
  Tool tool;
  const auto told = tool.answer({"doctor"});
  BOOST_TEST(told.starts_with("0 ok       shop: 127.0.0.1:"), told);
  BOOST_TEST(has(told, " is coherent, and a write was heard of\n"), told);
  BOOST_TEST(has(told, "(20 of 20)\n"), told);
  BOOST_TEST(has(told, "shop: a fence takes "), told);
  BOOST_TEST(tool.probe.keys("*doctor*").empty());
  const auto json = tool.answer({"--json", "doctor", "shop"});
  BOOST_TEST(has(json, "\"result\""), json);
  BOOST_TEST(json.starts_with("0 {"), json);
}

BOOST_AUTO_TEST_CASE(doctor_names_the_right_that_is_missing) {
  Tool deaf("  username: deaf\n  password: secret\n");
  deaf.probe.checked({"ACL", "SETUSER", "deaf", "on", ">secret", "~*", "+@all", "-client|tracking"});
  const auto told = deaf.answer({"doctor", "shop"});
  BOOST_TEST(told.starts_with("4 failure  shop: "), told);
  BOOST_TEST(has(told, "+client|tracking"), told);

  Tool mute("  username: mute\n  password: secret\n");
  mute.probe.checked({"ACL", "SETUSER", "mute", "on", ">secret", "~shop*", "+@all"});
  const auto unproven = mute.answer({"doctor"});
  BOOST_TEST(unproven.starts_with("0 warning  shop: "), unproven);
  BOOST_TEST(has(unproven, "__cachesite_probe__"), unproven);
}

BOOST_AUTO_TEST_CASE(doctor_has_nothing_to_say_of_a_cache_in_memory) {
  Tool tool("- {class: MemoryCache, entries: [{interface: ICache, name: near}]}\n");
  BOOST_TEST(tool.answer({"doctor", "near"}).starts_with("4 failure  near: no server"));
  BOOST_TEST(tool.complaint({"doctor", "nobody"}).starts_with("2 "));
}

BOOST_AUTO_TEST_CASE(doctor_finds_settings_of_the_server_that_do_not_suit_news) {
  Tool tool;
  tool.probe.checked({"CONFIG", "SET", "maxmemory", "100mb"});
  tool.probe.checked({"CONFIG", "SET", "client-output-buffer-limit", "pubsub 1000000 0 0"});
  tool.probe.checked({"CONFIG", "SET", "timeout", "1"});
  tool.probe.set("shop[1]:key", "1");
  tool.probe.checked({"SELECT", "3"});
  tool.probe.checked({"SET", "key", "1"});
  std::ofstream(tool.file, std::ios::app)
      << "- {class: RedisCache, entries: [{interface: ICache, name: bare}], "
         "host: 127.0.0.1, port: "
      << tool.server.port() << "}\n";
  const auto told = tool.answer({"doctor"});
  BOOST_TEST(told.starts_with("0 "), told);
  BOOST_TEST(has(told, "warning  shop: maxmemory-policy is noeviction"), told);
  BOOST_TEST(has(told, "warning  shop: client-output-buffer-limit pubsub is 1000000 0 0: "), told);
  BOOST_TEST(has(told, "warning  shop: timeout is 1 s"), told);
  BOOST_TEST(has(told, "warning  shop: databases 0, 3 are in use"), told);
  BOOST_TEST(has(told, "warning  bare: it has no prefix"), told);
  BOOST_TEST(!has(told, "warning  shop: it has no prefix"), told);
  BOOST_TEST(has(told, "ok       shop: redis "), told);
}

BOOST_AUTO_TEST_CASE(doctor_names_each_right_with_its_cure) {
  if (RedisServer::version() < std::pair{7, 0}) return;  // ACL DRYRUN
  Tool tool("  username: deaf\n  password: secret\n");
  tool.probe.checked(
      {"ACL", "SETUSER", "deaf", "on", ">secret", "~shop*", "+@all", "-client|tracking", "-role"});
  const auto told = tool.answer({"doctor", "shop"});
  BOOST_TEST(told.starts_with("4 failure  shop: "), told);
  BOOST_TEST(has(told, "user \"deaf\" may not run client|tracking: ACL SETUSER deaf +client|tracking"), told);
  BOOST_TEST(has(told, "ACL SETUSER deaf +role"), told);
  BOOST_TEST(has(told, "ACL SETUSER deaf ~__cachesite_probe__:*"), told);
  BOOST_TEST(!has(told, "secret"), told);
}

BOOST_AUTO_TEST_CASE(doctor_names_a_proxy_that_confirms_and_says_nothing) {
  const ScriptedServer silent([](const ScriptedCommand& command) -> ScriptedAnswer {
    if (command.name() == "HELLO") return {"%1\r\n" + bulk("proto") + ":3\r\n"};
    if (command.name() == "PING")
      return {command.arguments.size() == 2 ? bulk(command.arguments[1]) : "+PONG\r\n"};
    if (command.name() == "SUBSCRIBE")
      return {">3\r\n" + bulk("subscribe") + bulk(command.arguments[1]) + ":1\r\n"};
    if (command.name() == "ROLE") return {"*3\r\n" + bulk("master") + ":0\r\n*0\r\n"};
    return {"+OK\r\n"};
  });
  Tool tool;
  std::ofstream(tool.file, std::ios::app)
      << "- class: Cache\n"
         "  name: far\n"
         "  store: {class: RedisCache, host: 127.0.0.1, prefix: 'far:', port: "
      << silent.port()
      << "}\n"
         "  near: {coherence: {mode: tracking, max_staleness: 100ms}}\n";
  const auto told = tool.answer({"doctor", "far"});
  BOOST_TEST(told.starts_with("4 failure  far: 127.0.0.1:"), told);
  BOOST_TEST(has(told, "nothing is heard of writes: is there a proxy"), told);
}

BOOST_AUTO_TEST_CASE(doctor_says_that_processes_hear_each_other_over_a_backplane) {
  Tool tool;
  add_backplane(tool);
  const OtherProcess other(tool);
  for (const std::string name : {"tiers", "bus"}) {
    const auto told = tool.answer({"doctor", name});
    BOOST_TEST(told.starts_with("0 ok "), told);
    BOOST_TEST(has(told, "ok       bus: own messages on cachesite:news:1:shop come back, first after "),
               told);
    BOOST_TEST(has(told, "ok       bus: a change by another process was heard in p50 "), told);
    BOOST_TEST(has(told, "(20 of 20)\n"), told);
    BOOST_TEST(has(told, "bus: 1 other process was heard within 750ms\n"), told);
    BOOST_TEST(has(told, "ok       tiers: its mode needs no news of servers\n") == (name == "tiers"), told);
  }
  BOOST_TEST(has(tool.answer({"doctor"}), "bus: own messages"));
  BOOST_TEST(!has(tool.answer({"doctor", "shop"}), "bus"));
}

BOOST_AUTO_TEST_CASE(doctor_says_that_copies_for_which_a_backplane_vouches_need_no_news) {
  Tool tool;
  std::ofstream(tool.file, std::ios::app) << "- class: MemoryBackplane\n"
                                             "  entries: [{interface: IBackplane, name: bus}]\n"
                                          << tiers_over_bus;
  const auto told = tool.answer({"doctor", "tiers"});
  BOOST_TEST(told.starts_with("0 ok "), told);
  BOOST_TEST(has(told, "tiers: its mode needs no news of servers"), told);
}

BOOST_AUTO_TEST_CASE(doctor_says_that_messages_of_a_backplane_do_not_come_back_and_why) {
  Tool tool;
  add_backplane(tool, "  username: mute\n  password: secret\n");
  tool.probe.checked({"ACL", "SETUSER", "mute", "on", ">secret", "~*", "+@all", "-publish", "resetchannels"});
  const auto told = tool.answer({"doctor", "bus"});
  BOOST_TEST(told.starts_with("4 failure  bus: own messages on cachesite:news:1:shop do not come back: "),
             told);
  if (RedisServer::version() >= std::pair{7, 0}) {  // ACL DRYRUN
    BOOST_TEST(
        has(told, "user \"mute\" may not publish to cachesite:news:1:shop: ACL SETUSER mute +publish\n"),
        told);
    BOOST_TEST(
        has(told, "may not subscribe to cachesite:news:1:shop: ACL SETUSER mute &cachesite:news:1:shop\n"),
        told);
  }
  BOOST_TEST(!has(told, "secret"), told);
}

BOOST_AUTO_TEST_CASE(doctor_reads_keys_for_a_while_and_compares_copies_in_the_end) {
  Tool tool;
  for (int number = 0; number < 20; ++number)
    tool.probe.set("shop[1]:" + std::to_string(number), "1");
  const auto told = tool.answer({"doctor", "shop", "--seconds", "1"});
  BOOST_TEST(told.starts_with("0 "), told);
  BOOST_TEST(has(told, "20 keys for 1 s: "), told);
  BOOST_TEST(has(told, "of 20 copies 0 differ from the server, and 0 could not be compared\n"), told);
}

BOOST_AUTO_TEST_SUITE_END()
