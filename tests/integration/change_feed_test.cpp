// What a real server says about changes, and who vouches for copies meanwhile.

#include "integration/change_feed_fixture.hpp"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;

namespace {

std::shared_ptr<RedisCache> make_cache(std::uint16_t port, const std::string& prefix,
                                       const std::shared_ptr<CollectingLogger>& logger) {
  auto options = patient<RedisCache::Options>();
  options.host = "127.0.0.1";
  options.port = port;
  options.prefix = prefix;
  ComponentContext context;
  context.logger = logger;
  return std::make_shared<RedisCache>(options, context);
}

/// Asks for another watch while it is told something.
class AskingListener final : public IFeedListener {
 public:
  explicit AskingListener(IChangeFeed& feed) : feed_(feed) {}

  void on_changed(FeedServer, std::span<const std::string_view>) noexcept override {}
  void on_everything_changed(FeedServer, bool) noexcept override {}
  void on_served(FeedServer server) noexcept override {
    told_ = true;
    if (!asks) return;
    another_ = feed_.watch("another", patient_feed(), deaf_);
    vouched_ = vouched_ || another_->served(server).load() != 0;
  }

  std::atomic<bool> asks{false};
  [[nodiscard]] bool told() const noexcept { return told_; }
  [[nodiscard]] bool asked() const noexcept { return another_ != nullptr && !vouched_; }

 private:
  IChangeFeed& feed_;
  NewsDiary deaf_;
  std::unique_ptr<IFeedWatch> another_;
  std::atomic<bool> told_{false};
  bool vouched_ = false;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(change_feed)

BOOST_AUTO_TEST_CASE(every_command_that_changes_a_key_is_heard) {
  RedisServer server;
  const auto redis = connect(connection_options(server.port()));
  Watched watched(*redis, "p:");
  BOOST_REQUIRE(watched.coherent());
  auto writer = server.probe();
  const auto heard = [&](const Words& command, const std::vector<std::string>& keys) {
    BOOST_TEST_CONTEXT(command.front()) BOOST_TEST(is_heard(watched, writer, command, keys));
  };
  heard({"SET", "p:a", "1"}, {"p:a"});
  heard({"EVAL", "return redis.call('SET', 'p:script', 1)", "0"}, {"p:script"});
  heard({"RENAME", "p:a", "p:b"}, {"p:a", "p:b"});
  heard({"COPY", "p:b", "p:c"}, {"p:c"});
  heard({"PEXPIRE", "p:c", "100000"}, {"p:c"});
  heard({"PERSIST", "p:c"}, {"p:c"});
  heard({"GETEX", "p:c", "EX", "100"}, {"p:c"});
  heard({"APPEND", "p:c", "x"}, {"p:c"});
  heard({"LPUSH", "p:list", "x"}, {"p:list"});
  heard({"MOVE", "p:b", "1"}, {"p:b"});
  heard({"UNLINK", "p:c"}, {"p:c"});
  heard({"DEL", "p:list"}, {"p:list"});
  watched.diary.forget();
  writer.checked({"MULTI"});
  writer.checked({"SET", "p:x", "1"});
  writer.checked({"SET", "p:y", "1"});
  writer.checked({"EXEC"});
  writer.checked({"SET", "p:short", "1", "PX", "1"});
  writer.checked({"SET", "other", "1"});
  writer.let_pass(std::chrono::milliseconds(2));
  writer.get("p:short");
  BOOST_REQUIRE(watched.fenced());
  const std::set<std::string, std::less<>> expected{"p:x", "p:y", "p:short"};
  BOOST_TEST(watched.diary.keys() == expected, boost::test_tools::per_element());
  BOOST_TEST(watched.diary.everything() == 0);
  const auto report = watched.report();
  BOOST_TEST(report.state == "coherent");
  BOOST_TEST(report.proven);
  BOOST_TEST(report.reason == "");
  BOOST_TEST(report.keys >= 15U);
}

BOOST_AUTO_TEST_CASE(keys_of_any_bytes_are_heard) {
  RedisServer server;
  const auto redis = connect(connection_options(server.port()));
  Watched watched(*redis);
  BOOST_REQUIRE(watched.coherent());
  auto writer = server.probe();
  for (const auto& key : {std::string("a\0b", 3), std::string("\r\n"), std::string("@@"), std::string(),
                          std::string(64 * 1024, 'k')})
    BOOST_TEST(is_heard(watched, writer, {"SET", key, "1"}, {key}));
  const auto script =
      "for i = 1, " + std::to_string(sanitized ? 10'000 : 40'000) + " do redis.call('SET', 'k' .. i, 1) end";
  BOOST_TEST(is_heard(watched, writer, {"EVAL", script, "0"}, {"k1", "k9999"}));
  BOOST_TEST(watched.epoch() != 0U);
}

BOOST_AUTO_TEST_CASE(a_flush_of_any_database_ends_all_copies_and_begins_an_epoch) {
  RedisServer server;
  const auto redis = connect(connection_options(server.port()));
  Watched watched(*redis, "p:");
  BOOST_REQUIRE(watched.coherent());
  auto writer = server.probe();
  auto epoch = watched.epoch();
  int flushes = 0;
  for (const auto& command : {Words{"FLUSHALL"}, Words{"FLUSHDB"}, Words{"FLUSHDB"}}) {
    if (flushes == 2) writer.checked({"SELECT", "3"});
    writer.checked(command);
    BOOST_REQUIRE(watched.fenced());
    BOOST_TEST(watched.diary.everything() == ++flushes);
    BOOST_TEST(watched.epoch() > epoch);
    epoch = watched.epoch();
  }
}

BOOST_AUTO_TEST_CASE(a_killed_news_connection_is_a_gap_and_a_new_epoch) {
  RedisServer server;
  const auto logger = std::make_shared<CollectingLogger>();
  const auto redis = connect(connection_options(server.port()), logger);
  Watched watched(*redis);
  BOOST_REQUIRE(watched.coherent());
  auto probe = server.probe();
  for (int round = 0; round < 5; ++round) {
    const auto epoch = watched.epoch();
    const auto generation = watched.watch->generation().load();
    probe.checked({"CLIENT", "KILL", "ID", news_connection(probe)});
    BOOST_REQUIRE(wait_until([&] { return watched.epoch() > epoch; }));
    BOOST_TEST(watched.watch->generation().load() >= generation + 2);
  }
  BOOST_TEST(watched.diary.served() == 11);
  BOOST_TEST(is_heard(watched, probe, {"SET", "after", "1"}, {"after"}));
  BOOST_TEST(logger->count(LogLevel::debug, "lost the news: the server closed the connection") == 5U);
  BOOST_TEST(wait_until([&] { return logger->count(LogLevel::debug, "news are back after") == 5U; }));
}

BOOST_AUTO_TEST_CASE(a_server_that_is_killed_and_comes_back_begins_an_epoch) {
  RedisServer server;
  const auto redis = connect(connection_options(server.port()));
  Watched watched(*redis);
  BOOST_REQUIRE(watched.coherent());
  const auto epoch = watched.epoch();
  server.kill();
  BOOST_REQUIRE(wait_until([&] { return watched.epoch() == 0; }));
  BOOST_TEST(!watched.watch->fence(std::chrono::milliseconds(20)).ok());
  BOOST_TEST(!watched.watch->fills({}));
  server.restart();
  BOOST_TEST_INFO(watched.report().state << ": " << watched.report().reason);
  BOOST_REQUIRE(watched.coherent());
  BOOST_TEST(watched.epoch() > epoch);
  BOOST_TEST(wait_until([&] { return watched.watch->fills({}); }));
}

BOOST_AUTO_TEST_CASE(a_server_that_stands_still_is_trusted_no_longer_than_max_staleness) {
  RedisServer server;
  const auto redis = connect(connection_options(server.port()));
  FeedOptions options;
  options.max_staleness = std::chrono::milliseconds(200 * slowness);
  Watched watched(*redis, "", options);
  BOOST_REQUIRE(watched.coherent());
  server.freeze();
  const auto frozen = std::chrono::steady_clock::now();
  const auto limit = (frozen + options.max_staleness).time_since_epoch();
  BOOST_REQUIRE(wait_until([&] { return watched.epoch() == 0; }));
  BOOST_TEST(watched.watch->valid_until({}).load() <=
             std::chrono::duration_cast<std::chrono::nanoseconds>(limit).count());
  server.thaw();
  BOOST_TEST(watched.coherent());
}

BOOST_AUTO_TEST_CASE(watches_of_a_connection_share_one_news_connection) {
  RedisServer server;
  auto options = connection_options(server.port());
  options.client_name = "shared";
  const auto redis = connect(options);
  Watched inner(*redis, "a:b:");
  Watched disjoint(*redis, "c:");
  BOOST_REQUIRE(inner.coherent());
  BOOST_REQUIRE(disjoint.coherent());
  const auto epoch = inner.epoch();
  Watched added(*redis, "d:");
  BOOST_REQUIRE(added.coherent());
  BOOST_TEST(inner.epoch() == epoch);
  BOOST_TEST(added.epoch() != epoch);
  Watched outer(*redis, "a:");
  BOOST_REQUIRE(outer.coherent());
  BOOST_TEST(inner.coherent());
  auto writer = server.probe();
  for (const auto* key : {"a:b:1", "a:2", "c:3", "d:4", "e:5"})
    writer.set(key, "1");
  BOOST_REQUIRE(outer.fenced());
  using Keys = std::set<std::string, std::less<>>;
  BOOST_TEST((inner.diary.keys() == Keys{"a:b:1"}));
  BOOST_TEST((outer.diary.keys() == Keys{"a:b:1", "a:2"}));
  BOOST_TEST((disjoint.diary.keys() == Keys{"c:3"}));
  BOOST_TEST((added.diary.keys() == Keys{"d:4"}));
  BOOST_TEST(writer.count_clients("shared-news") == 1U);
  disjoint.watch.reset();
  disjoint.diary.forget();
  writer.set("c:4", "1");
  BOOST_REQUIRE(outer.fenced());
  BOOST_TEST(disjoint.diary.keys().empty());
}

BOOST_AUTO_TEST_CASE(keys_of_a_cache_are_told_without_the_prefix_of_the_cache) {
  RedisServer server;
  const auto logger = std::make_shared<CollectingLogger>();
  const auto cache = make_cache(server.port(), "shop:", logger);
  RedisCache::Options options;
  const auto redis = connect(connection_options(server.port()));
  options.connection = Reference<IRedis>(redis);
  options.prefix = "other:";
  RedisCache sharing(options);
  Watched all(*cache);
  Watched users(*cache, "user:");
  Watched shared(sharing, "user:");
  BOOST_REQUIRE(all.coherent() && users.coherent() && shared.coherent());
  BOOST_TEST(cache->set_value("user:42", "Ada", std::chrono::minutes(1)));
  BOOST_TEST(cache->set_value("item:1", "x", std::chrono::minutes(1)));
  BOOST_TEST(sharing.set_value("user:7", "Bob", std::chrono::minutes(1)));
  BOOST_REQUIRE(all.fenced() && shared.fenced());
  using Keys = std::set<std::string, std::less<>>;
  BOOST_TEST((all.diary.keys() == Keys{"user:42", "item:1"}));
  BOOST_TEST((users.diary.keys() == Keys{"user:42"}));
  BOOST_TEST((shared.diary.keys() == Keys{"user:7"}));
}

BOOST_AUTO_TEST_CASE(a_data_connection_that_is_replaced_makes_doubtful_and_changes_no_epoch) {
  RedisServer server;
  const auto redis = connect(connection_options(server.port()));
  Watched watched(*redis);
  BOOST_REQUIRE(watched.coherent());
  BOOST_REQUIRE(wait_until([&] { return watched.watch->fills({}); }));
  auto probe = server.probe();
  const auto news = news_connection(probe);
  const auto epoch = watched.epoch();
  const auto generation = watched.watch->generation().load();
  const auto list = probe.checked({"CLIENT", "LIST", "TYPE", "normal"}).text;
  for (std::size_t begin = list.find("id="); begin != std::string::npos;
       begin = list.find("\nid=", begin + 1)) {
    const auto at = list.find("id=", begin) + 3;
    const auto id = list.substr(at, list.find(' ', at) - at);
    const auto line = list.substr(at, list.find('\n', at) - at);
    if (id != news && line.find("cmd=client") == std::string::npos)
      probe.command({"CLIENT", "KILL", "ID", id});
  }
  BOOST_TEST(wait_until([&] { return redis->text({"PING"}).ok(); }));
  BOOST_TEST(watched.watch->generation().load() > generation);
  // Each connection that is made anew is a doubt of its own.
  BOOST_TEST(wait_until([&] { return watched.watch->fills({}) && watched.report().state == "coherent"; }));
  BOOST_TEST(watched.epoch() == epoch);
}

BOOST_AUTO_TEST_CASE(a_fence_is_passed_by_no_write_that_was_acknowledged_before) {
  RedisServer server;
  const auto redis = connect(connection_options(server.port()));
  Watched watched(*redis);
  BOOST_REQUIRE(watched.coherent());
  auto writer = server.probe();
  int missed = 0;
  for (int round = 0; round < (sanitized ? 20 : 100); ++round) {
    const auto key = "k" + std::to_string(round);
    writer.set(key, "1");
    BOOST_REQUIRE(watched.fenced());
    missed += watched.diary.heard(key) ? 0 : 1;
  }
  BOOST_TEST(missed == 0);
}

BOOST_AUTO_TEST_CASE(a_listener_may_ask_for_another_watch_while_the_feed_is_stopped) {
  const RedisServer server;
  const auto redis = connect(connection_options(server.port()));
  AskingListener listener(*redis);
  const auto watch = redis->watch("p:", patient_feed(), listener);
  BOOST_REQUIRE(wait_until([&] { return listener.told(); }));
  listener.asks = true;
  redis->stop();
  BOOST_TEST(listener.asked());
}

BOOST_AUTO_TEST_CASE(watches_come_and_go_while_news_come) {
  RedisServer server;
  const auto redis = connect(connection_options(server.port()));
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    auto probe = server.probe();
    for (int key = 0; !stop; ++key)
      probe.set("k" + std::to_string(key % 100), "1");
  });
  for (int round = 0; round < 20; ++round) {
    Watched one(*redis, "k" + std::to_string(round % 3));
    Watched two(*redis, "k");
    BOOST_TEST(one.coherent());
    BOOST_TEST(two.coherent());
    BOOST_TEST(wait_until([&] { return two.diary.messages() != 0; }));
  }
  stop = true;
  writer.join();
}

BOOST_AUTO_TEST_SUITE_END()
