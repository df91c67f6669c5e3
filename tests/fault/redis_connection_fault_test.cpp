// IRedis with faults between it and the server: nothing is done twice, and what is not known is said.

#include "integration/redis_connection_fixture.hpp"
#include "support/sanitized.hpp"

#include <atomic>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;

namespace {

/// What is known after some calls of INCR, one of which met a fault.
struct Tally {
  std::int64_t succeeded = 0;
  std::int64_t unknown = 0;

  template <class T>
  void count(const Result<T>& result) {
    if (result.ok())
      ++succeeded;
    else if (result.error().outcome() == Outcome::unknown)
      ++unknown;
  }
};

struct World {
  World() {
    auto options = connection_options(proxy.port());
    options.socket_timeout = 2s;
    options.socket_connect_timeout = 2s;
    options.reconnect_delay = 1ms;
    options.reconnect_max_delay = 5ms;
    redis = connect(options);
  }
  std::int64_t counter() {
    const auto text = probe.get("n");
    return text ? std::stoll(*text) : 0;
  }
  void prepare() {
    proxy.pass();
    BOOST_REQUIRE(wait_until([&] { return redis->call({"PING"}).ok(); }));
    probe.erase("n");
  }

  RedisServer server;
  ChaosProxy proxy{server.port()};
  std::shared_ptr<RedisConnection> redis;
  RedisProbe probe = server.probe();
};

constexpr std::uint64_t request_size = 4 + 4 + 6 + 4 + 3;  // *2 $4 INCR $1 n

// Every cut point of one INCR: `work` makes some calls and counts them.
template <class Work>
void at_every_cut(World& world, std::uint64_t request_bytes, std::uint64_t reply_bytes, Work&& work) {
  int unknown_seen = 0;
  for (const auto direction : {Direction::to_server, Direction::to_client}) {
    const auto bytes = direction == Direction::to_server ? request_bytes : reply_bytes;
    for (const auto cut : {Cut::reset, Cut::close})
      for (std::uint64_t byte = 0; byte <= bytes; ++byte) {
        world.prepare();
        work(world, Faults{.cut_after = byte, .cut = cut, .cut_once = true}, direction, unknown_seen);
      }
  }
  BOOST_TEST(unknown_seen > 0);
}

void check(World& world, const Tally& tally) {
  // The server may be at work on what was cut off: its answer to the probe comes after that.
  const auto counted = world.counter();
  BOOST_TEST(counted >= tally.succeeded);
  BOOST_TEST(counted <= tally.succeeded + tally.unknown);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(redis_connection_faults)

BOOST_AUTO_TEST_CASE(an_increment_is_done_at_most_once_wherever_its_connection_is_cut) {
  World world;
  at_every_cut(world, request_size, 4,
               [](World& at, const Faults& faults, Direction direction, int& unknown_seen) {
                 Tally tally;
                 tally.count(at.redis->integer({"INCR", "n"}));
                 at.proxy.set(direction, faults);
                 tally.count(at.redis->integer({"INCR", "n"}));
                 tally.count(at.redis->integer({"INCR", "n"}));
                 unknown_seen += static_cast<int>(tally.unknown);
                 check(at, tally);
               });
}

BOOST_AUTO_TEST_CASE(increments_in_a_pipeline_are_done_at_most_once_wherever_it_is_cut) {
  World world;
  const std::vector<RedisCommand> commands(3, RedisCommand("INCR", "n"));
  at_every_cut(world, 3 * request_size, 12,
               [&](World& at, const Faults& faults, Direction direction, int& unknown_seen) {
                 Tally tally;
                 for (const auto& result : at.redis->pipeline(commands))
                   tally.count(result);
                 at.proxy.set(direction, faults);
                 std::int64_t last = 0;
                 for (const auto& result : at.redis->pipeline(commands)) {
                   tally.count(result);
                   if (!result.ok()) continue;
                   BOOST_TEST(result.value().integer() > last);
                   last = result.value().integer();
                 }
                 unknown_seen += static_cast<int>(tally.unknown);
                 check(at, tally);
               });
}

BOOST_AUTO_TEST_CASE(a_transaction_is_done_whole_or_not_at_all_wherever_it_is_cut) {
  World world;
  const std::vector<RedisCommand> commands(3, RedisCommand("INCR", "n"));
  const std::uint64_t request = 15 + 3 * request_size + 14;
  at_every_cut(world, request, 60,
               [&](World& at, const Faults& faults, Direction direction, int& unknown_seen) {
                 BOOST_REQUIRE(at.redis->transact(commands).ok());
                 at.proxy.set(direction, faults);
                 const auto result = at.redis->transact(commands);
                 const auto counted = at.counter();
                 if (result.ok()) {
                   BOOST_TEST(counted == 6);
                 } else if (result.error().outcome() == Outcome::not_done) {
                   BOOST_TEST(counted == 3);
                 } else {
                   ++unknown_seen;
                   BOOST_TEST((counted == 3 || counted == 6));
                 }
               });
}

BOOST_AUTO_TEST_CASE(a_repeatable_command_succeeds_wherever_its_connection_is_cut_once) {
  World world;
  for (const auto direction : {Direction::to_server, Direction::to_client})
    for (std::uint64_t byte = 0; byte <= 24; ++byte) {
      world.prepare();
      world.probe.set("n", "7");
      world.proxy.set(direction, {.cut_after = byte, .cut = Cut::reset, .cut_once = true});
      const auto alone = world.redis->text(RedisCommand("GET", "n").repeatable());
      BOOST_TEST((alone.ok() && alone.value() == "7"));
      const std::vector<RedisCommand> commands(3, RedisCommand("GET", "n").repeatable());
      world.prepare();
      world.probe.set("n", "7");
      BOOST_REQUIRE(world.redis->pipeline(commands)[0].ok());
      world.proxy.set(direction, {.cut_after = byte, .cut = Cut::reset, .cut_once = true});
      for (const auto& result : world.redis->pipeline(commands))
        BOOST_TEST((result.ok() && result.value().text() == "7"));
    }
}

BOOST_AUTO_TEST_CASE(hostile_answers_end_in_an_error_and_cost_little) {
  const std::string deep = [] {
    std::string bytes;
    for (int level = 0; level < 100'000; ++level)
      bytes += "*1\r\n";
    return bytes;
  }();
  const std::vector<std::string> hostile{"*1000000000\r\n",
                                         "$999999999999\r\n",
                                         "$-2\r\n",
                                         "*-5\r\n",
                                         ":12x\r\n",
                                         ":99999999999999999999\r\n",
                                         "?\r\n",
                                         "+OK\n",
                                         "$3\r\nabcd\r\n",
                                         deep,
                                         std::string(1 << 20, '+'),
                                         "+" + std::string(1 << 20, 'x'),
                                         "%1\r\n+a\r\n+b\r\n",
                                         "_\r\n",
                                         "#t\r\n",
                                         ",1.5\r\n",
                                         ">2\r\n+a\r\n+b\r\n",
                                         "*2\r\n:1\r\n",
                                         "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n",
                                         std::string("\0\0\0\0", 4),
                                         "\r\n",
                                         "HTTP/1.1 400 Bad Request\r\n\r\n"};
  for (const auto& bytes : hostile) {
    ScriptedServer server(ScriptedServer::after_setup(ScriptedServer::always(bytes)));
    auto options = connection_options(server.port());
    options.socket_timeout = 200ms;
    options.max_reply_bytes = ByteSize{1024 * 1024};
    const auto redis = connect(options);
    const Stopwatch watch;
    const auto alone = redis->call({"INCR", "n"});
    BOOST_TEST(!alone.ok(), "call: " << bytes.substr(0, 20));
    if (!alone.ok()) BOOST_TEST((alone.error().outcome() == Outcome::unknown));
    const RedisCommand commands[]{{"INCR", "n"}, {"INCR", "n"}};
    const auto results = redis->pipeline(commands);
    BOOST_TEST(!results[1].ok(), "pipeline: " << bytes.substr(0, 20));
    const auto session = redis->open_session();
    BOOST_REQUIRE(session.ok());
    BOOST_TEST(!session.value()->execute(commands).ok(), "execute: " << bytes.substr(0, 20));
    BOOST_TEST((watch.elapsed() < 3s * slowness), bytes.substr(0, 20));
    RedisSubscriber subscriber;
    subscriber.channels = {"news"};
    std::atomic<int> losses{0};
    subscriber.on_lost = [&](const Error&) { ++losses; };
    const auto subscription = redis->subscribe(subscriber);
    BOOST_TEST(wait_until([&] { return losses >= 1; }), "subscribe: " << bytes.substr(0, 20));
  }
}

// An attempt to connect that began before the last connection ended says nothing of the server now.
BOOST_AUTO_TEST_CASE(a_call_outlives_the_end_of_a_connection_that_was_not_ready_when_the_last_one_ended) {
  ScriptedServer server([](const ScriptedCommand& command) -> ScriptedAnswer {
    if (command.connection == 1) return {};  // never logs in
    if (command.name() == "PING") return {"+PONG\r\n"};
    if (command.name() == "CLIENT" || command.name() == "SET") return {"+OK\r\n"};
    if (command.connection == 0) return {"", ScriptedAnswer::Then::close};
    return {"$5\r\nvalue\r\n"};
  });
  const auto redis = connect(connection_options(server.port()));
  const std::string large(1'000'000, 'x');  // wants a connection of its own
  BOOST_REQUIRE(redis->call({"SET", "large", large}).ok());
  BOOST_REQUIRE(server.wait_for_accepted(2));
  std::optional<Result<RedisValue>> read;
  std::thread reader([&] { read = redis->call(RedisCommand("GET", "key").repeatable()); });
  const bool lost =
      wait_until([&] { return redis->endpoint_statistics().at(0).state == RedisEndpointState::recovering; });
  server.drop_connections();
  reader.join();
  BOOST_TEST(lost);
  BOOST_REQUIRE(read);
  BOOST_TEST(read->ok(), (read->ok() ? "" : std::string(read->error().message())));
}

BOOST_AUTO_TEST_CASE(a_surplus_answer_never_answers_the_next_question_on_a_lent_connection) {
  World world;
  for (int round = 0; round < 20; ++round) {
    world.prepare();
    world.proxy.duplicate_replies(1);
    const RedisCommand first[]{{"ECHO", "first"}};
    const RedisCommand second[]{{"ECHO", "second"}};
    for (const auto& result : world.redis->pipeline(first))
      BOOST_TEST((!result.ok() || result.value().text() == "first"));
    for (const auto& result : world.redis->pipeline(second))
      BOOST_TEST((!result.ok() || result.value().text() == "second"));
  }
}

BOOST_AUTO_TEST_CASE(a_frozen_server_costs_no_more_than_the_deadline) {
  World world;
  const RedisCommand commands[]{{"INCR", "n"}};
  BOOST_REQUIRE(world.redis->pipeline(commands)[0].ok());
  auto session = world.redis->open_session();
  BOOST_REQUIRE(session.ok());
  world.server.freeze();
  const Stopwatch watch;
  BOOST_TEST(!session.value()->call(RedisCommand("PING").timeout(200ms)).ok());
  BOOST_TEST(!world.redis->pipeline(commands, 200ms)[0].ok());
  BOOST_TEST(!world.redis->call(RedisCommand("BLPOP", "q", 0).timeout(200ms)).ok());
  BOOST_TEST((watch.elapsed() < 600ms + 150ms * slowness));
  world.server.thaw();
  BOOST_TEST(wait_until([&] { return world.redis->pipeline(commands)[0].ok(); }));
}

BOOST_AUTO_TEST_SUITE_END()
