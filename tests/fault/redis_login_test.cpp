// Who may do what: wrong passwords, users without rights, and passwords that change while the cache works.
// A refusal is told as such and not repeated; it never holds the password.

#include "fault/tls_world.hpp"
#include "support/patient.hpp"
#include "support/scripted_server.hpp"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

RedisCacheOptions login(const RedisServer& server, const std::string& user, const std::string& password) {
  auto options = patient<RedisCacheOptions>();
  options.host = "127.0.0.1";
  options.port = server.port();
  if (!user.empty()) options.username = user;
  if (!password.empty()) options.password = Secret(password);
  options.reconnect_max_delay = 20ms;
  return options;
}

void check_refused(const Status& status, std::string_view part) {
  BOOST_REQUIRE(!status.ok());
  BOOST_TEST_INFO(status.error().message());
  BOOST_TEST((status.error().code() == ErrorCode::refused));
  BOOST_TEST_INFO(status.error().message());
  BOOST_TEST(status.error().message().find(part) != std::string_view::npos);
  BOOST_TEST(status.error().message().find("canary") == std::string_view::npos);
}

Status write(RedisCache& cache, const std::string& key) {
  return cache.write(key, "value", TimeToLive(1min));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(redis_login)

BOOST_AUTO_TEST_CASE(a_login_that_the_server_refuses_is_told_and_not_repeated) {
  RedisServer server({.users = {"default off", "good on >right ~* +@all", "asleep off >right ~* +@all"}});
  struct Case {
    const char* user;
    const char* password;
    const char* says;
  };
  for (const auto& [user, password, says] :
       {Case{"good", "canary", "WRONGPASS"}, Case{"nobody", "canary", "WRONGPASS"},
        Case{"asleep", "right", "WRONGPASS"}, Case{"", "canary", "WRONGPASS"}, Case{"", "", "NOAUTH"},
        // A mask would tell a password that is a word of the usual text.
        Case{"good", "password", "invalid username-password pair or user is disabled"}}) {
    auto options = login(server, user, password);
    options.reconnect_max_delay = 1s;
    const auto logger = std::make_shared<CollectingLogger>();
    const auto cache = started(options, logger);
    for (int call = 0; call < 50; ++call)
      check_refused(write(*cache, "key"), says);
    BOOST_TEST(cache->endpoint_statistics()[0].failed_connects == 1u);
    BOOST_TEST(logger->count(LogLevel::warning) == 1u);
    BOOST_TEST((cache->health().state == HealthState::down));
    BOOST_TEST(cache->health().reason.find(says) != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(the_right_login_works) {
  RedisServer server({.users = {"default off", "good on >right ~* +@all"}});
  BOOST_TEST(write(*started(login(server, "good", "right")), "key").ok());
  RedisServer with_password({.password = "right"});
  BOOST_TEST(write(*started(login(with_password, "", "right")), "key").ok());
  BOOST_TEST(write(*started(login(with_password, "default", "right")), "key").ok());
}

BOOST_AUTO_TEST_CASE(a_user_without_a_password_logs_in_as_that_user) {
  RedisServer server({.users = {"default off", "np on nopass ~* +@all"}});
  auto options = login(server, "np", "");
  options.password = Secret("");
  BOOST_TEST(write(*started(options), "key").ok());
  BOOST_TEST(write(*started(login(server, "np", "anything")), "key").ok());
}

BOOST_AUTO_TEST_CASE(a_key_without_permission_is_refused_and_others_go_on) {
  RedisServer server({.users = {"app on >right ~app:* +@all"}});
  const auto cache = started(login(server, "app", "right"));
  for (int round = 0; round < 3; ++round) {
    check_refused(write(*cache, "other"), "NOPERM");
    BOOST_TEST(write(*cache, "app:key").ok());
    const auto lookup = cache->get("other");
    BOOST_REQUIRE(lookup.failed());
    BOOST_TEST((lookup.error().code() == ErrorCode::refused));
    BOOST_TEST(cache->get("app:key").hit());
  }
  BOOST_TEST(cache->endpoint_statistics()[0].connects == 1u);
}

BOOST_AUTO_TEST_CASE(a_command_without_permission_is_refused_and_others_go_on) {
  RedisServer server({.users = {"reader on >right ~* +get +ping"}});
  server.probe().set("key", "value");
  const auto cache = started(login(server, "reader", "right"));
  check_refused(write(*cache, "key"), "NOPERM");
  BOOST_TEST(cache->get("key").hit());
  BOOST_TEST(cache->endpoint_statistics()[0].connects == 1u);
}

BOOST_AUTO_TEST_CASE(a_user_without_the_right_to_ping_can_still_work) {
  RedisServer server({.users = {"narrow on >right ~* +get +setex"}});
  auto options = login(server, "narrow", "right");
  options.client_name = "narrow";
  const auto cache = started(options);
  BOOST_TEST(write(*cache, "key").ok());
  BOOST_TEST(cache->get("key").hit());
}

BOOST_AUTO_TEST_CASE(a_database_that_may_not_be_selected_is_refused) {
  RedisServer server({.users = {"narrow on >right ~* +get +setex"}});
  auto options = login(server, "narrow", "right");
  options.db = 1;
  check_refused(write(*started(options), "key"), "NOPERM");
}

BOOST_AUTO_TEST_CASE(a_database_that_is_not_there_is_refused) {
  RedisServer server;
  auto options = login(server, "", "");
  options.db = 4711;
  check_refused(write(*started(options), "key"), "DB index is out of range");
}

BOOST_AUTO_TEST_CASE(a_password_that_changes_under_load_is_refused_until_it_is_right_again) {
  RedisServer server({.users = {"app on >right ~* +@all"}});
  const auto cache = started(login(server, "app", "right"));
  std::atomic<bool> stop{false};
  std::atomic<int> refused{0};
  std::atomic<int> wrong{0};
  std::vector<std::thread> workers;
  for (int number = 0; number < 4; ++number)
    workers.emplace_back([&, number] {
      const auto key = "key " + std::to_string(number);
      while (!stop) {
        (void)cache->set_value(key, key, 1min);
        const auto lookup = cache->get(key);
        if (lookup.hit() && lookup.value().text() != key) ++wrong;
        if (lookup.failed() && lookup.error().code() == ErrorCode::refused) ++refused;
        if (lookup.failed()) std::this_thread::yield();
      }
    });
  auto probe = server.probe();
  for (int round = 0; round < 3; ++round) {
    probe.checked({"ACL", "SETUSER", "app", "resetpass", ">other"});
    probe.checked({"CLIENT", "KILL", "USER", "app"});
    const int before = refused;
    BOOST_TEST(wait_until([&] { return refused > before; }));
    probe.checked({"ACL", "SETUSER", "app", ">right"});
    BOOST_TEST(wait_until([&] { return cache->set_value("probe", "value", 1min); }));
  }
  stop = true;
  for (auto& worker : workers)
    worker.join();
  BOOST_TEST(wrong.load() == 0);
}

BOOST_AUTO_TEST_CASE(a_second_password_lets_the_first_go_without_a_failed_call) {
  RedisServer server({.users = {"app on >first ~* +@all"}});
  const auto cache = started(login(server, "app", "first"));
  auto probe = server.probe();
  probe.checked({"ACL", "SETUSER", "app", ">second"});
  BOOST_TEST(write(*cache, "key").ok());
  const auto next = started(login(server, "app", "second"));
  probe.checked({"ACL", "SETUSER", "app", "<first"});
  BOOST_TEST(write(*next, "key").ok());
  BOOST_TEST(write(*cache, "key").ok());  // a connection that is logged in stays so
}

BOOST_AUTO_TEST_CASE(a_user_that_is_deleted_and_made_again_is_used_again) {
  RedisServer server({.users = {"app on >right ~* +@all"}});
  const auto cache = started(login(server, "app", "right"));
  BOOST_TEST(write(*cache, "key").ok());
  auto probe = server.probe();
  probe.checked({"ACL", "DELUSER", "app"});
  BOOST_TEST(wait_until([&] {
    const auto status = write(*cache, "key");
    return !status.ok() && status.error().code() == ErrorCode::refused;
  }));
  probe.checked({"ACL", "SETUSER", "app", "on", ">right", "~*", "+@all"});
  BOOST_TEST(wait_until([&] { return write(*cache, "key").ok(); }));
}

BOOST_AUTO_TEST_CASE(a_server_that_repeats_the_password_does_not_get_it_into_a_message) {
  ScriptedServer server([](const ScriptedCommand& command) -> ScriptedAnswer {
    return {"-ERR what is " + command.text() + "\r\n"};
  });
  auto options = patient<RedisCacheOptions>();
  options.host = "127.0.0.1";
  options.port = server.port();
  options.password = Secret("canary");
  const auto logger = std::make_shared<CollectingLogger>();
  const auto cache = started(options, logger);
  check_refused(write(*cache, "key"), "what is AUTH ******");
  BOOST_TEST(logger->text().find("canary") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_server_that_is_loading_is_asked_again_soon) {
  std::atomic<bool> loading{true};
  ScriptedServer server([&](const ScriptedCommand& command) -> ScriptedAnswer {
    if (loading) return {"-LOADING Redis is loading the dataset in memory\r\n"};
    return {command.name() == "PING" ? "+PONG\r\n" : "+OK\r\n"};
  });
  auto options = patient<RedisCacheOptions>();
  options.host = "127.0.0.1";
  options.port = server.port();
  options.reconnect_max_delay = 50ms;
  const auto cache = started(options);
  const auto status = write(*cache, "key");
  BOOST_REQUIRE(!status.ok());
  BOOST_TEST((status.error().code() == ErrorCode::unreachable));
  loading = false;
  BOOST_TEST(wait_until([&] { return write(*cache, "key").ok(); }, 2s));
}

BOOST_AUTO_TEST_SUITE_END()
