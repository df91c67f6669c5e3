// Asynchronous calls while sentinels replace the master.

#include "fault/pretended_sentinel.hpp"
#include "support/redis_lab.hpp"
#include "support/wait_until.hpp"
#include "unit/async/parts.hpp"

#include <cachesite/async_call.hpp>
#include <cachesite/event_loop.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

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

/// Resumes a coroutine on the shared loop a little later.
class Pause final : public event_loop::Timer {
 public:
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) noexcept {
    waiting_ = waiting;
    auto& reactor = reactor_of(*EventLoop::shared());
    reactor.arm(*this, reactor.now() + 4ms);
  }
  void await_resume() const noexcept {}
  void expire() noexcept override { waiting_.resume(); }

 private:
  std::coroutine_handle<> waiting_;
};

/// Coroutines that each write growing numbers under a key of their own, one after the other.
class Chains {
 public:
  struct Chain {
    std::string key;
    std::atomic<std::uint64_t> stored{0};  // the last number that was acknowledged
    std::atomic<std::uint64_t> calls{0};
    std::atomic<std::uint64_t> failures{0};
    std::atomic<std::uint64_t> unnamed{0};  // failures that a fail-over does not explain
    std::atomic<bool> ended{false};
  };

  Chains(std::shared_ptr<RedisCache> cache, int count) : cache_(std::move(cache)) {
    for (int index = 0; index < count; ++index)
      all_.emplace_back().key = "chain:" + std::to_string(index);
    for (auto& chain : all_)
      run(*this, chain);
  }
  ~Chains() { (void)stop(); }
  Chains(const Chains&) = delete;
  Chains& operator=(const Chains&) = delete;

  /// Waits until each of them has stored so many further numbers.
  bool proceed(std::uint64_t numbers) {
    std::vector<std::uint64_t> goals;
    for (const auto& chain : all_)
      goals.push_back(chain.calls - chain.failures + numbers);
    return wait_until([&] { return std::equal(all_.begin(), all_.end(), goals.begin(), has_reached); }, 60s);
  }
  /// Waits for the ends of all calls.
  bool stop() {
    stopped_ = true;
    return wait_until([&] { return std::all_of(all_.begin(), all_.end(), has_ended); }, 60s);
  }
  [[nodiscard]] const std::deque<Chain>& all() const { return all_; }
  [[nodiscard]] std::uint64_t sum(std::atomic<std::uint64_t> Chain::*number) const {
    std::uint64_t sum = 0;
    for (const auto& chain : all_)
      sum += chain.*number;
    return sum;
  }

 private:
  static bool has_reached(const Chain& chain, std::uint64_t goal) {
    return chain.calls - chain.failures >= goal;
  }
  static bool has_ended(const Chain& chain) { return chain.ended; }

  static Detached run(Chains& chains, Chain& chain) {
    const auto cache = chains.cache_;
    for (std::uint64_t number = 1; !chains.stopped_; ++number) {
      const Status written =
          co_await cache->async_write(chain.key, std::to_string(number), TimeToLive::never_expires());
      ++chain.calls;
      if (written.ok()) {
        chain.stored = number;
        continue;
      }
      ++chain.failures;
      const auto code = written.error().code();
      if (code != ErrorCode::unreachable && code != ErrorCode::timeout) ++chain.unnamed;
      Pause pause;
      co_await pause;
    }
    chain.ended = true;
  }

  const std::shared_ptr<RedisCache> cache_;
  std::atomic<bool> stopped_{false};
  std::deque<Chain> all_;
};

void log_all_commands(SentinelLab& lab) {
  for (std::size_t index = 0; index < lab.servers(); ++index) {
    auto probe = lab.server(index).probe();
    probe.checked({"CONFIG", "SET", "slowlog-max-len", "10000000"});
    probe.checked({"CONFIG", "SET", "slowlog-log-slower-than", "0"});
  }
}

/// The numbers that each chain has written, in the order in which the server took them.
std::map<std::string, std::vector<std::uint64_t>> numbers_at(RedisServer& server) {
  const auto log = server.probe().checked({"SLOWLOG", "GET", "10000000"});
  std::map<std::string, std::vector<std::uint64_t>> numbers;
  for (auto entry = log.elements.rbegin(); entry != log.elements.rend(); ++entry) {
    const auto& words = entry->elements.at(3).elements;
    if (words.size() >= 3 && words[0].text == "SET" && words[1].text.starts_with("chain:"))
      numbers[words[1].text].push_back(std::stoull(words[2].text));
  }
  return numbers;
}

bool is_in_order(const std::vector<std::uint64_t>& numbers) {
  return std::is_sorted(numbers.begin(), numbers.end(), std::less_equal<>());
}

struct LabWorld {
  LabWorld() {
    auto options = patient<RedisCacheOptions>();
    options.service_name = lab.service_name();
    for (const auto port : lab.sentinel_ports())
      options.sentinels.push_back("127.0.0.1:" + std::to_string(port));
    cache = started(std::move(options));
    cache->await_started();
    log_all_commands(lab);
  }

  // What a probe says; a sentinel ends the connections of a server whose role it changes.
  template <class Ask>
  static bool holds(const Ask& ask) {
    return wait_until(
        [&] {
          try {
            return ask();
          } catch (const std::runtime_error&) {
            return false;
          }
        },
        120s);
  }
  bool has_other_master(std::size_t previous) {
    return holds([&] { return lab.wait_for_new_master(previous, 1s); });
  }
  bool is_demoted(std::size_t server) {
    return holds([&] { return lab.server(server).probe().info("role") == "slave"; });
  }
  // Ends the chains, and looks at what became of their numbers.
  void expect_order(Chains& chains) {
    BOOST_REQUIRE(chains.stop());
    const auto numbers = numbers_at(lab.master());
    auto probe = lab.master().probe();
    for (const auto& chain : chains.all()) {
      const auto found = numbers.find(chain.key);
      BOOST_REQUIRE(found != numbers.end());
      BOOST_TEST(is_in_order(found->second), chain.key);
      BOOST_TEST(std::stoull(probe.get(chain.key).value_or("0")) >= chain.stored, chain.key);
    }
    BOOST_TEST(chains.sum(&Chains::Chain::unnamed) == 0U);
    BOOST_TEST_MESSAGE(chains.sum(&Chains::Chain::failures)
                       << " of " << chains.sum(&Chains::Chain::calls) << " calls failed");
  }

  SentinelLab lab;
  std::shared_ptr<RedisCache> cache;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(redis_async_sentinel)

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
  for (auto& read : reads)
    {
    const auto found = read.get();
    right += found.hit() && found.value().text() == "of the new master" ? 1 : 0;
  }
  for (auto& write : writes)
    right += write.get() ? 1 : 0;
  BOOST_TEST(right == 100);
  BOOST_TEST(world.master.count("SETEX") == 50U);
}

BOOST_AUTO_TEST_CASE(in_a_planned_fail_over_under_load_changes_of_a_key_keep_their_order) {
  LabWorld world;
  Chains chains(world.cache, 32);
  BOOST_REQUIRE(chains.proceed(20));
  BOOST_TEST(chains.sum(&Chains::Chain::failures) == 0U);
  const auto master = world.lab.master_index();
  world.lab.request_failover();
  BOOST_REQUIRE(world.has_other_master(master));
  // Until it is demoted the old master takes writes, which are lost.
  BOOST_REQUIRE(world.is_demoted(master));
  BOOST_REQUIRE(chains.proceed(20));
  world.expect_order(chains);
}

BOOST_AUTO_TEST_CASE(when_the_master_is_killed_under_load_changes_of_a_key_keep_their_order) {
  LabWorld world;
  Chains chains(world.cache, 32);
  BOOST_REQUIRE(chains.proceed(20));
  const auto master = world.lab.master_index();
  world.lab.server(master).kill();
  BOOST_REQUIRE(world.has_other_master(master));
  BOOST_REQUIRE(chains.proceed(20));
  world.expect_order(chains);
  BOOST_TEST(chains.sum(&Chains::Chain::failures) > 0U);
}

BOOST_AUTO_TEST_SUITE_END()
