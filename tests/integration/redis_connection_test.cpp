// Everything of IRedis against a real server that behaves.

#include "integration/redis_connection_fixture.hpp"
#include "support/sanitized.hpp"

#include <atomic>
#include <future>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;

BOOST_AUTO_TEST_SUITE(redis_connection)

namespace {

RedisServer& server() {
  static RedisServer shared;
  return shared;
}

struct Connected {
  Connected() { server().probe().flush(); }
  std::shared_ptr<RedisConnection> redis = connect(connection_options(server().port()));
  RedisProbe probe = server().probe();
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(answers_have_the_kind_that_the_server_gave, Connected) {
  BOOST_TEST(redis->call({"SET", "key", "value"}).value().text() == "OK");
  BOOST_TEST(redis->call({"GET", "key"}).value().as_text().value() == "value");
  BOOST_TEST(redis->call({"GET", "absent"}).value().is_nil());
  BOOST_TEST(redis->integer({"INCRBY", "number", 41}).value() == 41);
  BOOST_TEST((redis->text({"GET", "number"}).value() == "41"));
  BOOST_TEST((redis->text({"GET", "absent"}).value() == std::nullopt));
  BOOST_REQUIRE(redis->call({"RPUSH", "list", "a", "b"}).ok());
  const auto list = redis->call({"LRANGE", "list", 0, -1});
  BOOST_REQUIRE(list.value().elements().size() == 2U);
  BOOST_TEST(list.value().elements()[1].text() == "b");
  const auto nested = redis->call({"EVAL", "return {1, {'x', {err='ERR inside'}}, false}", 0});
  BOOST_REQUIRE(nested.value().elements().size() == 3U);
  const auto& inner = nested.value().elements()[1].elements();
  BOOST_REQUIRE(inner.size() == 2U);
  BOOST_TEST(inner[1].is_error());
  BOOST_TEST(inner[1].text().find("ERR inside") != std::string_view::npos);
  BOOST_TEST(nested.value().elements()[2].is_nil());
}

BOOST_FIXTURE_TEST_CASE(an_answer_of_another_kind_than_asked_for_is_a_failure, Connected) {
  BOOST_REQUIRE(redis->call({"SET", "key", "value"}).ok());
  const auto number = redis->integer({"GET", "key"});
  BOOST_REQUIRE(!number.ok());
  BOOST_TEST((number.error().code() == ErrorCode::protocol));
  const auto text = redis->text({"STRLEN", "key"});
  BOOST_REQUIRE(!text.ok());
  BOOST_TEST((text.error().code() == ErrorCode::protocol));
  const auto wrong = redis->call({"LPUSH", "key", "x"});
  BOOST_REQUIRE(!wrong.ok());
  BOOST_TEST((wrong.error().code() == ErrorCode::refused));
  BOOST_TEST(wrong.error().message().starts_with("WRONGTYPE"));
  BOOST_TEST((wrong.error().outcome() == Outcome::not_done));
  BOOST_TEST(redis->call({"PING"}).ok());
}

BOOST_FIXTURE_TEST_CASE(arguments_may_hold_any_byte_and_be_large, Connected) {
  std::string bytes;
  for (int value = 0; value < 256; ++value)
    bytes += static_cast<char>(value);
  for (const auto& text : {bytes, std::string("\r\n*1\r\n"), std::string(), std::string(3'000'000, 'x')}) {
    BOOST_REQUIRE(redis->call({"SET", bytes, text}).ok());
    BOOST_TEST((redis->text({"GET", bytes}).value() == text));
    const RedisCommand commands[]{{"SET", bytes, text}, {"GET", bytes}};
    const auto results = redis->pipeline(commands);
    BOOST_TEST((results[1].value().text() == text));
  }
}

BOOST_FIXTURE_TEST_CASE(commands_that_would_change_the_shared_connection_are_refused_unsent, Connected) {
  auto monitor = server().monitor();
  for (const RedisCommand& command :
       {RedisCommand("SELECT", 3), RedisCommand("multi"), RedisCommand("Watch", "k"),
        RedisCommand("SUBSCRIBE", "c"), RedisCommand("MONITOR"), RedisCommand("CLIENT", "reply", "off"),
        RedisCommand("QUIT"), RedisCommand("RESET"), RedisCommand("HELLO", 3), RedisCommand("")}) {
    const auto result = redis->call(command);
    BOOST_REQUIRE(!result.ok());
    BOOST_TEST((result.error().code() == ErrorCode::bad_argument));
    const RedisCommand commands[]{{"PING"}, command};
    for (const auto& each : redis->pipeline(commands))
      BOOST_TEST((!each.ok() && each.error().code() == ErrorCode::bad_argument));
  }
  BOOST_TEST(monitor.texts_so_far().empty());
}

BOOST_FIXTURE_TEST_CASE(a_command_may_bring_its_own_deadline, Connected) {
  for (int round = 0; round < 2; ++round) {
    server().freeze();
    const Stopwatch watch;
    const auto result = redis->call(RedisCommand("INCR", "n").timeout(80ms));
    const auto spent = watch.elapsed();
    server().thaw();
    BOOST_REQUIRE(!result.ok());
    BOOST_TEST((result.error().code() == ErrorCode::timeout));
    BOOST_TEST((spent >= 80ms));
    BOOST_TEST((spent < 1s));
    BOOST_TEST(wait_until([&] { return redis->call({"PING"}).ok(); }));
  }
  const auto bad = redis->call(RedisCommand("PING").timeout(0ms));
  BOOST_TEST((!bad.ok() && bad.error().code() == ErrorCode::bad_argument));
}

BOOST_FIXTURE_TEST_CASE(a_deadline_longer_than_the_usual_one_is_kept_too, Connected) {
  auto options = connection_options(server().port());
  options.socket_timeout = 100ms;
  const auto impatient = connect(options);
  BOOST_TEST(impatient->call(RedisCommand("DEBUG", "SLEEP", "0.4").timeout(5s)).ok());
}

BOOST_FIXTURE_TEST_CASE(a_pipeline_of_a_thousand_commands_is_answered_in_order_and_each_for_itself,
                        Connected) {
  BOOST_REQUIRE(redis->call({"SET", "text", "no number"}).ok());
  std::vector<RedisCommand> commands;
  for (int index = 0; index < 1000; ++index)
    commands.push_back(index % 100 == 50 ? RedisCommand("INCR", "text") : RedisCommand("INCR", "number"));
  auto monitor = server().monitor();
  const auto results = redis->pipeline(commands);
  BOOST_REQUIRE(results.size() == 1000U);
  std::int64_t expected = 0;
  for (std::size_t index = 0; index < results.size(); ++index) {
    if (index % 100 == 50) {
      BOOST_REQUIRE(!results[index].ok());
      BOOST_TEST((results[index].error().code() == ErrorCode::refused));
    } else {
      BOOST_REQUIRE(results[index].ok());
      BOOST_TEST(results[index].value().integer() == ++expected);
    }
  }
  BOOST_TEST(expected == 990);
  BOOST_TEST(redis->pipeline({}).empty());
}

BOOST_FIXTURE_TEST_CASE(a_pipeline_with_more_answers_than_the_sockets_hold_comes_to_an_end, Connected) {
  const std::string large(1'000'000, 'x');
  std::vector<RedisCommand> commands;
  for (int index = 0; index < 40; ++index)
    commands.emplace_back("ECHO", large);
  const auto results = redis->pipeline(commands, 30s);
  for (const auto& result : results)
    BOOST_TEST((result.ok() && result.value().text().size() == large.size()));
}

BOOST_FIXTURE_TEST_CASE(a_script_is_sent_once_and_again_after_it_was_forgotten, Connected) {
  const auto script = redis->make_script("return redis.call('INCRBY', KEYS[1], ARGV[1])");
  BOOST_TEST(script.sha1() == probe.checked({"SCRIPT", "LOAD", script.text()}).text);
  probe.checked({"SCRIPT", "FLUSH"});
  auto monitor = server().monitor();
  BOOST_TEST(redis->run(script, {"n"}, {"5"}).value().integer() == 5);
  BOOST_TEST(redis->run(script, {"n"}, {"5"}).value().integer() == 10);
  probe.checked({"SCRIPT", "FLUSH"});
  BOOST_TEST(redis->run(script, {"n"}, {"5"}).value().integer() == 15);
  std::vector<std::string> names;
  for (const auto& text : monitor.texts_so_far())
    if (text.starts_with("EVAL")) names.push_back(text.substr(0, text.find(' ')));
  const std::vector<std::string> expected{"EVALSHA", "EVAL", "EVALSHA", "EVALSHA", "EVAL"};
  BOOST_TEST(names == expected, boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(an_error_of_a_script_leaves_open_what_it_did, Connected) {
  const auto script = redis->make_script("redis.call('SET', KEYS[1], '1') error('no')");
  const auto result = redis->run(script, {"k"}, {});
  BOOST_REQUIRE(!result.ok());
  BOOST_TEST((result.error().code() == ErrorCode::refused));
  BOOST_TEST((result.error().outcome() == Outcome::unknown));
  BOOST_TEST((probe.get("k") == "1"));
}

BOOST_FIXTURE_TEST_CASE(a_waiting_command_gets_what_comes_and_does_not_hold_others_up, Connected) {
  auto waiting = std::async(std::launch::async, [&] { return redis->call({"BLPOP", "queue", 0}); });
  BOOST_REQUIRE(wait_until([&] { return probe.info("blocked_clients") == "1"; }));
  BOOST_TEST(redis->call({"PING"}).ok());
  BOOST_TEST(redis->integer({"RPUSH", "queue", "job"}).value() == 1);
  const auto popped = waiting.get();
  BOOST_REQUIRE(popped.ok());
  BOOST_TEST(popped.value().elements()[1].text() == "job");
  const auto none = redis->call({"BLPOP", "queue", 0.05});
  BOOST_TEST((none.ok() && none.value().is_nil()));
  BOOST_TEST(redis->lent_connections() == 1U);
}

BOOST_FIXTURE_TEST_CASE(a_waiting_command_may_wait_longer_than_the_usual_deadline, Connected) {
  auto options = connection_options(server().port());
  options.socket_timeout = 500ms;
  const auto impatient = connect(options);
  const auto none = impatient->call({"XREAD", "BLOCK", 800, "STREAMS", "stream", "$"});
  BOOST_TEST((none.ok() && none.value().is_nil()));
  const auto late = impatient->call(RedisCommand("BLPOP", "queue", 0).timeout(150ms));
  BOOST_TEST((!late.ok() && late.error().code() == ErrorCode::timeout));
}

BOOST_FIXTURE_TEST_CASE(a_waiting_command_ends_within_100_ms_of_a_request_to_stop, Connected) {
  for (int round = 0; round < 3; ++round) {
    std::stop_source stop;
    bool stopped = false;
    std::promise<std::chrono::steady_clock::time_point> ended;
    std::thread caller([&] {
      const auto result = redis->call({"BLPOP", "queue", 0}, stop.get_token());
      stopped = !result.ok() && result.error().code() == ErrorCode::closed;
      ended.set_value(std::chrono::steady_clock::now());
    });
    BOOST_REQUIRE(wait_until([&] { return probe.info("blocked_clients") == "1"; }));
    const auto begin = std::chrono::steady_clock::now();
    stop.request_stop();
    const auto spent = ended.get_future().get() - begin;
    caller.join();
    BOOST_TEST(stopped);
    BOOST_TEST((spent < 100ms));
    BOOST_REQUIRE(wait_until([&] { return probe.info("blocked_clients") == "0"; }));
    const auto at_once = redis->call({"BLPOP", "queue", 0}, stop.get_token());
    BOOST_TEST((!at_once.ok() && at_once.error().code() == ErrorCode::closed));
  }
}

BOOST_FIXTURE_TEST_CASE(stopping_the_component_ends_everything_that_waits, Connected) {
  auto waiting = std::async(std::launch::async, [&] { return redis->call({"BLPOP", "queue", 0}); });
  BOOST_REQUIRE(wait_until([&] { return probe.info("blocked_clients") == "1"; }));
  auto session = redis->open_session();
  BOOST_REQUIRE(session.ok());
  RedisSubscriber subscriber;
  subscriber.channels = {"news"};
  const auto subscription = redis->subscribe(subscriber);
  BOOST_REQUIRE(subscription->wait_until_active(10s));
  const Stopwatch watch;
  redis->stop();
  const auto result = waiting.get();
  BOOST_TEST((watch.elapsed() < 2s * slowness));
  BOOST_TEST((!result.ok() && result.error().code() == ErrorCode::closed));
  BOOST_TEST(!session.value()->call({"PING"}).ok());
  BOOST_TEST(!subscription->active());
  BOOST_TEST((redis->call({"PING"}).error().code() == ErrorCode::closed));
  BOOST_TEST((redis->open_session().error().code() == ErrorCode::closed));
  const RedisCommand commands[]{{"PING"}};
  BOOST_TEST((redis->pipeline(commands)[0].error().code() == ErrorCode::closed));
  BOOST_TEST(!redis->subscribe(subscriber)->wait_until_active(10s));
  redis.reset();
  session = Error(ErrorCode::closed);
  BOOST_TEST(wait_until([&] { return probe.count_clients() == 0U; }));
}

BOOST_FIXTURE_TEST_CASE(the_information_of_the_server_is_read, Connected) {
  probe.set("key", "value");
  const auto information = redis->information();
  BOOST_REQUIRE(information.ok());
  BOOST_TEST(information.value().text("redis_version") == probe.info("redis_version"));
  BOOST_TEST(information.value().integer("tcp_port").value() == server().port());
  BOOST_TEST(information.value().part("db0", "keys") == "1");
  BOOST_TEST(information.value().part("db0", "key") == "");
  BOOST_TEST(information.value().text("nothing") == "");
  BOOST_TEST(!information.value().integer("redis_version"));
  const auto section = redis->information("keyspace");
  BOOST_REQUIRE(section.ok());
  BOOST_TEST(section.value().fields().size() == 1U);
}

BOOST_AUTO_TEST_CASE(two_caches_and_the_program_share_one_connection) {
  auto options = connection_options(server().port());
  options.client_name = "shared";
  options.channels = 1;
  options.db = 2;
  const auto redis = connect(options);
  const auto cache = [&](const std::string& prefix) {
    RedisCacheOptions cache_options;
    cache_options.connection = std::static_pointer_cast<IRedis>(redis);
    cache_options.prefix = prefix;
    return std::make_unique<RedisCache>(cache_options);
  };
  const auto first = cache("first:");
  const auto second = cache("second:");
  for (auto* each : {first.get(), second.get()}) {
    each->start();
    each->await_started();
    BOOST_TEST((each->health().state == HealthState::up));
  }
  std::atomic<int> found{0};
  std::vector<std::thread> threads;
  for (auto* each : {first.get(), second.get()})
    threads.emplace_back([each, &found] {
      for (int round = 0; round < 100; ++round)
        if (each->set_value("key", "value", 1min) && each->get_value("key").has_value()) ++found;
    });
  for (auto& thread : threads)
    thread.join();
  BOOST_TEST(found == 200);
  BOOST_TEST((redis->text({"GET", "second:key"}).value() == "value"));
  auto probe = server().probe();
  BOOST_TEST(probe.count_clients("shared") == 1U);
  first->stop();
  BOOST_TEST((first->get("key").error().code() == ErrorCode::closed));
  BOOST_TEST(second->get_value("key").has_value());
  redis->stop();
  BOOST_TEST(second->get("key").failed());
}

namespace {

/// Somebody's own IRedis around one of ours.
class Wrapper final : public IRedis {
 public:
  explicit Wrapper(std::shared_ptr<IRedis> inner, bool passes_on)
      : inner_(std::move(inner)), passes_on_(passes_on) {}
  [[nodiscard]] RedisScript make_script(std::string text) const override {
    return inner_->make_script(std::move(text));
  }
  [[nodiscard]] std::unique_ptr<IRedisSubscription> subscribe(RedisSubscriber subscriber) override {
    return inner_->subscribe(std::move(subscriber));
  }
  [[nodiscard]] const redis::ConnectionHandle* connection_handle() const noexcept override {
    return passes_on_ ? inner_->connection_handle() : IRedis::connection_handle();
  }

 protected:
  Result<RedisValue> do_call(const RedisCommand& command, const std::stop_token& stop) override {
    return inner_->call(command, stop);
  }
  std::vector<Result<RedisValue>> do_pipeline(std::span<const RedisCommand> commands,
                                              std::optional<std::chrono::milliseconds> timeout) override {
    return inner_->pipeline(commands, timeout);
  }
  Result<std::unique_ptr<IRedisSession>> do_open_session(
      std::optional<std::chrono::milliseconds> timeout) override {
    return inner_->open_session(timeout);
  }
  Result<RedisValue> do_run(const RedisScript& script, std::span<const ByteView> keys,
                            std::span<const ByteView> arguments,
                            std::optional<std::chrono::milliseconds> timeout) override {
    return inner_->run(script, keys, arguments, timeout);
  }

 private:
  const std::shared_ptr<IRedis> inner_;
  const bool passes_on_;
};

}  // namespace

BOOST_AUTO_TEST_CASE(caches_share_a_connection_through_a_component_that_passes_it_on_and_no_other) {
  const auto redis = connect(connection_options(server().port()));
  RedisCacheOptions options;
  options.connection = std::static_pointer_cast<IRedis>(std::make_shared<Wrapper>(redis, true));
  BOOST_TEST(RedisCache(options).set_value("key", "value", 1min));
  options.connection = std::static_pointer_cast<IRedis>(std::make_shared<Wrapper>(redis, false));
  BOOST_CHECK_THROW(RedisCache{options}, std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(a_cache_on_a_shared_connection_may_not_bring_settings_of_its_own) {
  RedisCacheOptions options;
  options.connection = std::static_pointer_cast<IRedis>(connect(connection_options(server().port())));
  options.prefix = "p:";
  options.max_value_bytes = ByteSize{1000};
  BOOST_TEST(options.complaints().empty());
  options.host = "elsewhere";
  options.port = 1;
  options.url = Secret("redis://elsewhere");
  const auto complaints = options.complaints();
  BOOST_REQUIRE(complaints.size() == 3U);
  BOOST_TEST(complaints[0].parameter == "url");
  BOOST_TEST(complaints[1].parameter == "host");
  BOOST_TEST(complaints[2].parameter == "port");
  BOOST_CHECK_THROW(RedisCache{options}, std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
