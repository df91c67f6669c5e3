// Asynchronous calls while sentinels replace the master.

#include "fault/pretended_sentinel.hpp"
#include "support/wait_until.hpp"
#include "unit/async/parts.hpp"

#include <cachesite/async_call.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(redis_async_sentinel)

namespace {

/// A master that does not say so until it is opened, and keeps what it is sent.
class HeldMaster {
 public:
  ~HeldMaster() { open(); }

  std::uint16_t port() const { return server_.port(); }
  bool is_asked() const { return is_asked_; }
  void open() {
    if (!std::exchange(is_open_, true)) open_.set_value();
  }
  std::size_t count(const std::string& name) const { return server_.count(name); }
  /// The values that it was to store.
  std::vector<std::string> stored() const {
    std::vector<std::string> values;
    for (const auto& command : server_.commands())
      if (command.name() == "SETEX") values.push_back(command.arguments.at(3));
    return values;
  }

 private:
  ScriptedAnswer answer(const ScriptedCommand& command) {
    if (command.name() == "ROLE") {
      is_asked_ = true;
      opened_.wait();
      return {"*3\r\n" + bulk_reply("master") + ":0\r\n*0\r\n"};
    }
    if (command.name() == "PING") return {"+PONG\r\n"};
    if (command.name() == "GET") return {bulk_reply("of the new master")};
    return {"+OK\r\n"};
  }

  std::promise<void> open_;
  std::shared_future<void> opened_ = open_.get_future().share();
  bool is_open_ = false;
  std::atomic<bool> is_asked_{false};
  ScriptedServer server_{[this](const ScriptedCommand& command) { return answer(command); }};
};

/// A cache whose master has just been replaced by one that cannot be used yet.
struct HeldWorld {
  HeldWorld() {
    auto options = behind({&sentinel});
    options.socket_timeout = 60s;
    cache = started(std::move(options));
    BOOST_REQUIRE(wait_until([&] { return cache->set_value("key", "value", 1min); }));
    old_master.set_master(false);
    sentinel.announce(old_master.port(), master.port());
    BOOST_REQUIRE(wait_until([&] { return master.is_asked(); }));
  }

  PretendedServer old_master{"master"};
  HeldMaster master;
  PretendedSentinel sentinel{old_master.port()};
  std::shared_ptr<RedisCache> cache;
};

}  // namespace

BOOST_AUTO_TEST_CASE(calls_without_a_master_wait_for_the_new_one) {
  HeldWorld world;
  std::vector<std::future<Lookup>> reads;
  std::vector<std::future<bool>> writes;
  for (int call = 0; call < 50; ++call) {
    const auto key = "key " + std::to_string(call);
    reads.push_back(world.cache->async_get(key).future());
    writes.push_back(world.cache->async_set_value(key, "value", 1min).future());
  }
  const auto impatient = world.cache->async_get("key", {.patience = 5ms}).wait();
  BOOST_REQUIRE(impatient.failed());
  BOOST_TEST((impatient.error().code() == ErrorCode::timeout));
  std::stop_source stop;
  auto stopped = world.cache->async_get("key", {.stop = stop.get_token()}).future();
  stop.request_stop();
  BOOST_TEST((stopped.get().error().code() == ErrorCode::closed));
  const auto waits = [](const auto& call) { return call.wait_for(0s) == std::future_status::timeout; };
  BOOST_TEST(std::all_of(reads.begin(), reads.end(), waits));
  BOOST_TEST(std::all_of(writes.begin(), writes.end(), waits));

  world.master.open();
  int right = 0;
  for (auto& read : reads) {
    const auto found = read.get();
    right += found.hit() && found.value().text() == "of the new master" ? 1 : 0;
  }
  for (auto& write : writes)
    right += write.get() ? 1 : 0;
  BOOST_TEST(right == 100);
  BOOST_TEST(world.master.count("SETEX") == 50U);
}

BOOST_AUTO_TEST_CASE(changes_of_a_key_reach_the_new_master_in_their_order_and_those_that_were_left_do_not) {
  HeldWorld world;
  std::vector<std::future<Status>> kept;
  std::vector<std::string> expected;
  std::stop_source stop;
  std::vector<std::future<Status>> stopped;
  int number = 0;
  const auto begin = [&](CallOptions options) {
    return world.cache->async_write("key", std::to_string(++number), 1min, std::move(options)).future();
  };
  const auto begin_kept = [&] {
    kept.push_back(begin({}));
    expected.push_back(std::to_string(number));
  };
  for (int round = 0; round < 50; ++round) {
    begin_kept();
    stopped.push_back(begin({.stop = stop.get_token()}));
    if (round % 10 == 0) {
      const auto late = begin({.patience = 2ms}).get();
      BOOST_REQUIRE(!late.ok());
      BOOST_TEST((late.error().outcome() == Outcome::not_done));
    }
  }
  stop.request_stop();
  for (auto& change : stopped)
    BOOST_TEST((change.get().error().outcome() == Outcome::not_done));
  world.master.open();
  // Until and while the others go on.
  while (kept.size() < 20'000 && kept.front().wait_for(0s) != std::future_status::ready)
    begin_kept();
  for (int round = 0; round < 100; ++round)
    begin_kept();
  for (auto& change : kept)
    BOOST_REQUIRE(change.get().ok());
  BOOST_TEST((world.master.stored() == expected));
}

BOOST_AUTO_TEST_SUITE_END()
