// Subscriptions, with a server that comes and goes.

#include "integration/redis_connection_fixture.hpp"
#include "support/redis_reply.hpp"
#include "support/sanitized.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;

namespace {

/// Keeps what a subscriber is told, in order: "pattern|channel|payload", "lost", "gap".
class Diary {
 public:
  RedisSubscriber subscriber(std::vector<std::string> channels, std::vector<std::string> patterns = {}) {
    RedisSubscriber made;
    made.channels = std::move(channels);
    made.patterns = std::move(patterns);
    made.on_message = [this](const RedisMessage& message) {
      add(std::string(message.pattern) + "|" + std::string(message.channel) + "|" +
          std::string(message.payload));
    };
    made.on_lost = [this](const Error&) { add("lost"); };
    made.on_gap = [this](const RedisGap& gap) { add(gap.length >= 0ms ? "gap" : "negative gap"); };
    return made;
  }
  std::vector<std::string> entries() const {
    const std::lock_guard lock(mutex_);
    return entries_;
  }
  bool wait_for(std::size_t count) const {
    return wait_until([&] { return entries().size() >= count; });
  }

 private:
  void add(std::string entry) {
    const std::lock_guard lock(mutex_);
    entries_.push_back(std::move(entry));
  }
  mutable std::mutex mutex_;
  std::vector<std::string> entries_;
};

using Entries = std::vector<std::string>;

}  // namespace

BOOST_AUTO_TEST_SUITE(redis_subscription)

BOOST_AUTO_TEST_CASE(messages_arrive_in_order_by_channel_and_by_pattern) {
  RedisServer server;
  Diary diary;
  const auto redis = connect(connection_options(server.port()));
  const auto subscription = redis->subscribe(diary.subscriber({"news", "sport"}, {"w.*"}));
  BOOST_REQUIRE(subscription->wait_until_active(10s));
  const std::string bytes("\r\n\0$-1", 6);
  BOOST_TEST(redis->integer({"PUBLISH", "news", "one"}).value() == 1);
  BOOST_TEST(redis->integer({"PUBLISH", "w.x", "two"}).value() == 1);
  BOOST_TEST(redis->integer({"PUBLISH", "other", "-"}).value() == 0);
  BOOST_TEST(redis->integer({"PUBLISH", "sport", bytes}).value() == 1);
  BOOST_REQUIRE(diary.wait_for(3));
  const Entries expected{"|news|one", "w.*|w.x|two", "|sport|" + bytes};
  BOOST_TEST(diary.entries() == expected, boost::test_tools::per_element());
  BOOST_CHECK_THROW((void)redis->subscribe({}), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(messages_that_come_before_all_of_a_subscription_is_confirmed_are_told_of_first) {
  const auto confirmation = [](const char* kind, const char* name) {
    return array({bulk(kind), bulk(name), ":1\r\n"});
  };
  const auto message = [](const char* channel, const char* payload) {
    return array({bulk("message"), bulk(channel), bulk(payload)});
  };
  ScriptedServer server(ScriptedServer::after_setup([&](const ScriptedCommand& command) -> ScriptedAnswer {
    if (command.name() == "SUBSCRIBE")
      return {confirmation("subscribe", "news") + message("news", "one") +
              confirmation("subscribe", "sport")};
    return {message("sport", "two") + confirmation("psubscribe", "w.*") +
            array({bulk("pmessage"), bulk("w.*"), bulk("w.x"), bulk("three")})};
  }));
  Diary diary;
  const auto redis = connect(connection_options(server.port()));
  const auto subscription = redis->subscribe(diary.subscriber({"news", "sport"}, {"w.*"}));
  BOOST_REQUIRE(diary.wait_for(3));
  const Entries expected{"|news|one", "|sport|two", "w.*|w.x|three"};
  BOOST_TEST(diary.entries() == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_subscription_that_was_away_for_long_is_back_soon_after_a_later_loss) {
  constexpr std::size_t refusals = 6;
  std::size_t asked = 0;
  ScriptedServer server(ScriptedServer::after_setup([&](const ScriptedCommand&) -> ScriptedAnswer {
    if (asked++ < refusals) return {.then = ScriptedAnswer::Then::reset};
    return {array({bulk("subscribe"), bulk("news"), ":1\r\n"})};
  }));
  std::mutex mutex;
  std::vector<std::chrono::milliseconds> gaps;
  RedisSubscriber subscriber;
  subscriber.channels = {"news"};
  subscriber.on_gap = [&](const RedisGap& gap) {
    const std::lock_guard lock(mutex);
    gaps.push_back(gap.length);
  };
  const auto told = [&] {
    const std::lock_guard lock(mutex);
    return gaps;
  };
  const auto redis = connect(connection_options(server.port()));
  const auto subscription = redis->subscribe(subscriber);
  for (std::size_t count = 1; count <= 4; ++count) {
    BOOST_REQUIRE(wait_until([&] { return told().size() == count; }));
    server.drop_connections();
  }
  const auto all = told();
  BOOST_TEST(all.front().count() >= 700);
  BOOST_TEST(std::min_element(all.begin() + 1, all.begin() + 4)->count() < 300 * slowness);
}

BOOST_AUTO_TEST_CASE(a_subscriber_survives_a_restart_of_the_server_and_learns_of_the_gap) {
  RedisServer server;
  Diary diary;
  const auto redis = connect(connection_options(server.port()));
  const auto subscription = redis->subscribe(diary.subscriber({"news"}));
  BOOST_REQUIRE(subscription->wait_until_active(10s));
  for (int round = 0; round < 3; ++round) {
    const auto before = diary.entries().size();
    server.kill();
    BOOST_REQUIRE(wait_until([&] { return !subscription->active(); }));
    server.restart();
    BOOST_REQUIRE(subscription->wait_until_active(10s));
    server.probe().checked({"PUBLISH", "news", "again"});
    BOOST_REQUIRE(diary.wait_for(before + 3));
    const auto entries = diary.entries();
    const Entries expected{"lost", "gap", "|news|again"};
    BOOST_TEST(Entries(entries.begin() + static_cast<std::ptrdiff_t>(before), entries.end()) == expected,
               boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(a_first_connection_that_fails_is_a_loss_too) {
  RedisServer server;
  server.stop();
  Diary diary;
  const auto redis = connect(connection_options(server.port()));
  const auto subscription = redis->subscribe(diary.subscriber({"news"}));
  BOOST_REQUIRE(diary.wait_for(1));
  BOOST_TEST(!subscription->active());
  server.restart();
  BOOST_REQUIRE(diary.wait_for(2));
  const Entries expected{"lost", "gap"};
  BOOST_TEST(diary.entries() == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_link_that_died_in_silence_is_noticed) {
  RedisServer server;
  ChaosProxy proxy(server.port());
  Diary diary;
  auto options = connection_options(proxy.port());
  options.socket_timeout = 100ms;
  options.socket_connect_timeout = 300ms;
  const auto redis = connect(options);
  const auto subscription = redis->subscribe(diary.subscriber({"news"}));
  BOOST_REQUIRE(subscription->wait_until_active(10s));
  proxy.set(Direction::to_server, {.flow = Flow::discard});
  BOOST_REQUIRE(diary.wait_for(1));
  proxy.pass();
  proxy.drop_connections();
  BOOST_REQUIRE(diary.wait_for(2));
  const Entries expected{"lost", "gap"};
  BOOST_TEST(diary.entries() == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(silence_with_a_living_server_is_no_loss) {
  RedisServer server;
  Diary diary;
  auto options = connection_options(server.port());
  options.socket_timeout = 50ms;
  const auto redis = connect(options);
  auto monitor = server.monitor();
  const auto subscription = redis->subscribe(diary.subscriber({"news"}));
  BOOST_REQUIRE(subscription->wait_until_active(10s));
  BOOST_REQUIRE(wait_until([&] {
    std::size_t pings = 0;
    for (const auto& text : monitor.texts_so_far())
      if (text == "PING") ++pings;
    return pings >= 4;
  }));
  BOOST_TEST(redis->call({"PUBLISH", "news", "x"}).ok());
  BOOST_REQUIRE(diary.wait_for(1));
  BOOST_TEST(diary.entries().back() == "|news|x");
}

BOOST_AUTO_TEST_CASE(a_subscription_stops_promptly_also_while_it_cannot_connect_and_from_its_own_functions) {
  RedisServer server;
  ChaosProxy proxy(server.port());
  auto options = connection_options(proxy.port());
  options.socket_connect_timeout = 5s;
  const auto redis = connect(options);
  Diary diary;
  {
    const auto subscription = redis->subscribe(diary.subscriber({"news"}));
    BOOST_REQUIRE(subscription->wait_until_active(10s));
    const Stopwatch watch;
    subscription->stop();
    BOOST_TEST((watch.elapsed() < 2s * slowness));
    BOOST_TEST(diary.entries().empty());
  }
  proxy.set_accepting(Accepting::ignore);
  {
    const auto accepted = proxy.accepted();
    const auto subscription = redis->subscribe(diary.subscriber({"news"}));
    BOOST_REQUIRE(proxy.wait_for_accepted(accepted + 1));
    const Stopwatch watch;
    subscription->stop();
    BOOST_TEST((watch.elapsed() < 2s * slowness));
  }
  proxy.set_accepting(Accepting::forward);
  std::mutex mutex;
  std::unique_ptr<IRedisSubscription> own;
  std::atomic<int> messages{0};
  RedisSubscriber subscriber;
  subscriber.channels = {"news"};
  subscriber.on_message = [&](const RedisMessage&) {
    ++messages;
    const std::lock_guard lock(mutex);
    own.reset();
  };
  {
    const std::lock_guard lock(mutex);
    own = redis->subscribe(subscriber);
    BOOST_REQUIRE(own->wait_until_active(10s));
  }
  server.probe().pipeline({{"PUBLISH", "news", "1"}, {"PUBLISH", "news", "2"}});
  BOOST_REQUIRE(wait_until([&] { return messages == 1; }));
  BOOST_TEST(wait_until([&] { return server.probe().info("pubsub_channels") == "0"; }));
  BOOST_TEST(messages == 1);
  const std::lock_guard lock(mutex);
  BOOST_TEST(!own);
}

BOOST_AUTO_TEST_CASE(a_function_of_a_subscriber_that_throws_is_logged_and_does_no_harm) {
  RedisServer server;
  const auto logger = std::make_shared<CollectingLogger>();
  const auto redis = connect(connection_options(server.port()), logger);
  RedisSubscriber subscriber;
  subscriber.channels = {"news"};
  std::atomic<int> messages{0};
  subscriber.on_message = [&](const RedisMessage&) {
    ++messages;
    throw std::runtime_error("thrown by the test");
  };
  const auto subscription = redis->subscribe(subscriber);
  BOOST_REQUIRE(subscription->wait_until_active(10s));
  server.probe().pipeline({{"PUBLISH", "news", "1"}, {"PUBLISH", "news", "2"}});
  BOOST_REQUIRE(wait_until([&] { return messages == 2; }));
  BOOST_TEST(subscription->active());
  BOOST_TEST(logger->count(LogLevel::error, "thrown by the test") >= 1U);
}

BOOST_AUTO_TEST_SUITE_END()
