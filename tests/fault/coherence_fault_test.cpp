// Copies in memory while connections and servers fail. Each case measures how long it takes until no old copy is
// served, and until copies are vouched for again, and prints it beside the bound (--log_level=message).

#include "support/chaos_proxy.hpp"
#include "support/redis_server.hpp"
#include "support/sanitized.hpp"
#include "support/temporary_directory.hpp"
#include "support/wait_until.hpp"

#include <cachesite/memory_cache.hpp>
#include <cachesite/redis_cache.hpp>
#include <cachesite/tiered_cache.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <latch>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds max_staleness{600};
// A busy machine is later than the bound.
constexpr milliseconds slack{150 * slowness};

milliseconds since(Clock::time_point begin) {
  return std::chrono::ceil<milliseconds>(Clock::now() - begin);
}

// How long it takes until it is so, looking all the time.
milliseconds time_until(const std::function<bool()>& is_so, milliseconds limit = 20s) {
  const auto begin = Clock::now();
  while (!is_so() && since(begin) < limit)
    std::this_thread::yield();
  return since(begin);
}

void tell(std::string_view what, milliseconds measured, milliseconds bound) {
  BOOST_TEST_MESSAGE(what << ": " << measured.count() << " ms, bound " << bound.count() << " ms");
  BOOST_TEST(measured.count() <= (bound + slack).count(), what << " took " << measured.count() << " ms");
}

/// Tiers whose connections, of data and of news, go through a proxy.
struct World {
  explicit World(const std::function<void(TieredCacheOptions&)>& set = {}) : World(set, nullptr) {}

  World(const std::function<void(TieredCacheOptions&)>& set, std::unique_ptr<ChaosProxy> own)
      : proxy(own ? std::move(own) : std::make_unique<ChaosProxy>(server.port())) {
    RedisCacheOptions redis;
    redis.host = "127.0.0.1";
    redis.port = proxy->port();
    redis.socket_timeout = 300ms;
    redis.socket_connect_timeout = 300ms;
    redis.channels = 1;  // no connection is made later, which would have to be proved
    TieredCacheOptions options;
    options.over = std::static_pointer_cast<ICache>(std::make_shared<RedisCache>(redis));
    options.near = std::static_pointer_cast<ICache>(std::make_shared<MemoryCache>());
    options.coherence.mode = CoherenceMode::tracking;
    options.coherence.max_staleness = max_staleness;
    options.negative_ttl = 0ms;
    if (set) set(options);
    cache = std::make_shared<TieredCache>(options);
  }

  [[nodiscard]] bool is_coherent() const { return cache->coherence().state == Coherence::coherent; }
  [[nodiscard]] bool is_served(std::string_view key) const { return cache->explain_copy(key).served; }
  [[nodiscard]] std::string text(std::string_view key) const {
    const auto found = cache->get(key);
    return found.failed() ? "failed" : found.hit() ? std::string(found.value().text()) : "nothing";
  }
  // Reads until there is a copy that is served.
  void copy(std::string_view key, const std::string& value) {
    probe.set(std::string(key), value);
    BOOST_REQUIRE(wait_until([&] { return text(key) == value && is_served(key); }));
  }
  [[nodiscard]] bool reads(std::string_view key, std::string_view value) const {
    return wait_until([&] { return text(key) == value; });
  }

  RedisServer server;
  RedisProbe probe = server.probe();
  std::unique_ptr<ChaosProxy> proxy;
  std::shared_ptr<TieredCache> cache;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(coherence_faults)

BOOST_AUTO_TEST_CASE(f1_a_connection_of_news_that_is_reset_is_a_gap_at_once_and_made_anew) {
  World world;
  world.copy("key", "1");
  const auto epoch = world.cache->explain_copy("key").epoch;
  world.probe.checked({"CLIENT", "KILL", "TYPE", "pubsub"});
  tell("F1 no copy is served",
       time_until([&] { return world.cache->explain_copy("key").served_epoch != epoch; }), 1ms);
  world.probe.set("key", "2");
  tell("F1 coherent again", time_until([&] { return world.is_coherent(); }), 300ms);
  BOOST_TEST(world.reads("key", "2"));
  BOOST_TEST(world.cache->tier_statistics().gaps == 1U);
}

BOOST_AUTO_TEST_CASE(f2_in_a_black_hole_copies_end_with_the_last_proof) {
  World world;
  world.copy("key", "1");
  world.proxy->set(Direction::to_client, {.flow = Flow::hold});
  tell("F2 no copy is served", time_until([&] { return !world.is_served("key"); }), max_staleness + 10ms);
  world.probe.set("key", "2");
  world.proxy->pass();
  BOOST_TEST(world.reads("key", "2"));
  BOOST_TEST(wait_until([&] { return world.is_coherent(); }));
}

BOOST_AUTO_TEST_CASE(f3_a_server_that_stands_still_vouches_for_nothing_and_is_back_soon) {
  World world;
  world.copy("key", "1");
  world.server.freeze();
  tell("F3 no copy is served", time_until([&] { return !world.is_served("key"); }), max_staleness + 10ms);
  BOOST_TEST(world.text("key") == "failed");
  world.server.thaw();
  const auto begin = Clock::now();
  BOOST_TEST(wait_until([&] {
    (void)world.text("key");
    return world.is_coherent();
  }));
  tell("F3 coherent again", since(begin), 500ms);
}

BOOST_AUTO_TEST_CASE(f5_a_lost_connection_of_data_changes_no_epoch) {
  World world;
  world.copy("key", "1");
  const auto before = world.cache->explain_copy("key");
  world.probe.checked({"CLIENT", "KILL", "TYPE", "normal"});
  BOOST_TEST(world.is_served("key"));
  world.probe.set("other", "1");
  const auto begin = Clock::now();
  BOOST_TEST(wait_until([&] { return world.text("other") == "1" && world.is_served("other"); }));
  tell("F5 fills again", since(begin), 100ms);
  BOOST_TEST(world.cache->explain_copy("key").served_epoch == before.epoch);
  BOOST_TEST(world.cache->tier_statistics().gaps == 0U);
}

BOOST_AUTO_TEST_CASE(f6_after_a_restart_no_copy_of_before_is_a_hit) {
  World world;
  world.copy("key", "1");
  world.server.kill();
  world.server.restart();
  BOOST_TEST(world.reads("key", "nothing"));
  BOOST_TEST(wait_until([&] { return world.is_coherent(); }));
  BOOST_TEST(world.text("key") == "nothing");
  world.probe = world.server.probe();
  world.copy("key", "2");
}

BOOST_AUTO_TEST_CASE(f14_while_the_thread_of_the_news_stands_still_no_copy_is_older_than_the_bound) {
  class Blocker final : public ITierListener {
   public:
    void on_coherence(const CoherenceReport& report) override {
      if (report.state == Coherence::coherent && armed_.exchange(false)) open_.wait();
    }
    void arm() { armed_ = true; }
    void open() { open_.count_down(); }

   private:
    std::atomic<bool> armed_{false};
    std::latch open_{1};
  };
  const auto blocker = std::make_shared<Blocker>();
  World world([&](TieredCacheOptions& options) {
    options.listeners = {Reference<ITierListener>(std::static_pointer_cast<ITierListener>(blocker))};
  });
  world.copy("key", "1");
  blocker->arm();
  world.probe.checked({"CLIENT", "KILL", "TYPE", "pubsub"});
  const auto epoch = world.cache->explain_copy("key").epoch;
  // A copy of the epoch at whose beginning the thread is stopped.
  const bool copied = wait_until([&] {
    const auto copy = world.cache->explain_copy("key");
    return world.text("key") == "1" && copy.served && copy.epoch != epoch;
  });
  world.probe.set("key", "2");
  const auto written = Clock::now();
  const bool seen = world.reads("key", "2");
  const auto took = since(written);
  blocker->open();
  BOOST_TEST(copied);
  BOOST_TEST(seen);
  tell("F14 the old copy was served", took, max_staleness + 10ms);
  BOOST_TEST(wait_until([&] { return world.is_coherent(); }));
}

BOOST_AUTO_TEST_CASE(f15_a_server_that_cuts_the_news_off_costs_a_gap_and_no_old_value) {
  World world;
  world.probe.checked({"CONFIG", "SET", "client-output-buffer-limit", "pubsub 65536 0 0"});
  world.copy("key", "1");
  // One message of more than the limit.
  world.probe.checked(
      {"EVAL",
       "for i = 1, 20000 do redis.call('SET', 'some:quite:long:name:of:a:key:' .. i, '1') end "
       "redis.call('SET', 'key', '2')",
       "0"});
  const auto begin = Clock::now();
  BOOST_TEST(world.reads("key", "2"));
  BOOST_TEST(wait_until([&] { return world.cache->tier_statistics().gaps == 1U && world.is_coherent(); }));
  tell("F15 coherent again", since(begin), 300ms);
}

// 45: what is read was true at most so long ago, however slowly the news come.
BOOST_AUTO_TEST_CASE(news_that_drip_or_are_late_make_no_copy_older_than_their_delay_and_the_bound) {
  const std::vector<std::pair<Faults, milliseconds>> ways{
      {{.piece_size = 7}, 0ms},
      {{.delay = 100ms, .jitter = 50ms}, 150ms},
      {{.piece_size = 40, .piece_interval = 1ms, .delay = 50ms}, 100ms},
  };
  World world;
  world.copy("key", "0");
  int number = 0;
  for (const auto& [faults, delay] : ways) {
    world.proxy->set(Direction::to_client, faults);
    std::deque<std::pair<int, Clock::time_point>> writes;  // those that a read may not know yet
    milliseconds oldest{0};
    std::size_t reads = 0;
    auto next_write = Clock::now();
    for (const auto end = next_write + 700ms; Clock::now() < end;) {
      if (Clock::now() >= next_write) {
        world.probe.set("key", std::to_string(++number));
        writes.emplace_back(number, Clock::now());
        next_write += 20ms;
      }
      const auto begun = Clock::now();
      const auto text = world.text("key");
      if (text == "failed" || text == "nothing") continue;
      ++reads;
      const int seen = std::stoi(text);
      while (!writes.empty() && writes.front().first <= seen)
        writes.pop_front();
      if (!writes.empty() && writes.front().second < begun)
        oldest = std::max(oldest, std::chrono::ceil<milliseconds>(begun - writes.front().second));
    }
    BOOST_TEST(reads > 0U);
    tell("45 oldest copy", oldest, delay + max_staleness);
  }
  world.proxy->pass();
  BOOST_TEST(world.reads("key", std::to_string(number)));
}

// 46: whatever the last byte is that comes.
BOOST_AUTO_TEST_CASE(a_black_hole_in_any_state_is_left_again_and_serves_nothing_old) {
  for (const std::uint64_t bytes : {0U, 20U, 150U, 300U, 400U}) {
    World world;
    world.probe.set("key", "1");
    world.proxy->set(Direction::to_client, {.cut_after = bytes, .cut = Cut::hold});
    for (int read = 0; read < 2; ++read)
      (void)world.text("key");
    world.probe.set("key", "2");
    tell("46 the old copy was served with " + std::to_string(bytes) + " bytes",
         time_until([&] { return world.text("key") != "1"; }), max_staleness + 10ms);
    world.proxy->pass();
    world.proxy->drop_connections();
    const auto begin = Clock::now();
    BOOST_TEST(wait_until([&] { return world.text("key") == "2" && world.is_served("key"); }));
    tell("46 coherent after it", since(begin), 1'500ms);
  }
}

// F10, 48: an address leads to another server, while the news still come from the one before.
BOOST_AUTO_TEST_CASE(f10_an_address_that_moves_is_found_when_a_connection_of_data_is_made) {
  RedisServer next;
  auto next_probe = next.probe();
  TemporaryDirectory directory;
  const auto address = directory.path() / "address";
  std::filesystem::create_symlink(next.unix_socket_path(), address);
  World world({}, std::make_unique<ChaosProxy>(address.string()));
  auto before_probe = world.server.probe();
  next_probe.set("key", "at the first");
  BOOST_REQUIRE(wait_until([&] { return world.text("key") == "at the first" && world.is_served("key"); }));
  before_probe.set("key", "at the second");
  std::filesystem::remove(address);
  std::filesystem::create_symlink(world.server.unix_socket_path(), address);
  next_probe.checked({"CLIENT", "KILL", "TYPE", "normal"});
  const auto begin = Clock::now();
  (void)world.cache->contains("key");  // makes a connection, to the second
  BOOST_TEST(world.reads("key", "at the second"));
  tell("F10 no copy of the first is served", since(begin), 1s);
  BOOST_TEST(wait_until([&] {
    (void)world.text("key");
    return world.is_coherent();
  }));
  tell("F10 coherent at the second", since(begin), 1s + max_staleness);
  before_probe.set("key", "changed");
  BOOST_TEST(world.cache->fence(5s).ok());
  BOOST_TEST(world.text("key") == "changed");
}

BOOST_AUTO_TEST_SUITE_END()
