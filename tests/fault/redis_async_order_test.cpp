// The order of asynchronous changes to one key while real servers change: a slot that moves, a fail-over.

#include "fault/pretended_sentinel.hpp"
#include "support/redis_lab.hpp"
#include "support/wait_until.hpp"

#include <cachesite/async_call.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(redis_async_order)

namespace {

constexpr const char* load_name = "numbers:";

/// Writes growing numbers to each of its keys, many of them at once, and leaves some of them early.
class NumberedLoad {
 public:
  struct Key {
    std::string name;
    std::uint64_t begun = 0;
    std::atomic<std::uint64_t> under_way{0};
    std::atomic<std::uint64_t> stored{0};  // how many
    std::atomic<std::uint64_t> last{0};    // the greatest number that was stored
  };

  /// After `brisk` numbers of each key it goes on slowly, since the log that is read at the end grows with them.
  NumberedLoad(std::shared_ptr<RedisCache> cache, const std::vector<std::string>& names, std::uint64_t brisk)
      : cache_(std::move(cache)), brisk_(brisk), keys_(names.size()) {
    for (std::size_t index = 0; index < names.size(); ++index)
      keys_[index].name = names[index];
    thread_ = std::thread([this] { work(); });
  }
  ~NumberedLoad() { (void)stop(); }
  NumberedLoad(const NumberedLoad&) = delete;
  NumberedLoad& operator=(const NumberedLoad&) = delete;

  /// Waits until so many further numbers of each key are stored.
  bool proceeds(std::uint64_t numbers) {
    std::vector<std::uint64_t> goals;
    for (const auto& key : keys_)
      goals.push_back(key.stored + numbers);
    return wait_until(
        [&] {
          return std::equal(keys_.begin(), keys_.end(), goals.begin(),
                            [](const Key& key, std::uint64_t goal) { return key.stored >= goal; });
        },
        120s);
  }
  /// Waits for the ends of all calls.
  bool stop() {
    stopped_ = true;
    if (thread_.joinable()) thread_.join();
    return wait_until(
        [&] { return std::all_of(keys_.begin(), keys_.end(), [](auto& key) { return key.under_way == 0; }); },
        60s);
  }
  [[nodiscard]] std::vector<Key>& keys() { return keys_; }
  [[nodiscard]] bool store_last(Key& key) {
    return cache_->async_write(key.name, std::to_string(++key.begun), TimeToLive::never_expires())
        .wait()
        .ok();
  }

 private:
  static constexpr std::uint64_t most_under_way = 64;

  void work() {
    while (!stopped_) {
      const bool is_brisk = keys_.front().begun < brisk_;
      for (auto& key : keys_)
        for (int count = is_brisk ? 16 : 4; count > 0 && key.under_way < most_under_way; --count)
          begin(key);
      std::this_thread::sleep_for(is_brisk ? 1ms : 50ms);
    }
  }
  void begin(Key& key) {
    const auto number = ++key.begun;
    ++key.under_way;
    CallOptions options;
    if (number % 7 == 0) options.patience = std::chrono::milliseconds(number % 5);
    cache_->async_write(key.name, std::to_string(number), TimeToLive::never_expires(), options)
        .start([&key, number](const Status& written) {
          if (written.ok()) {
            ++key.stored;
            auto last = key.last.load();
            while (last < number && !key.last.compare_exchange_weak(last, number)) {
            }
          }
          --key.under_way;
        });
  }

  const std::shared_ptr<RedisCache> cache_;
  const std::uint64_t brisk_;
  std::vector<Key> keys_;
  std::atomic<bool> stopped_{false};
  std::thread thread_;
};

void log_all_commands(RedisServer& server) {
  auto probe = server.probe();
  probe.checked({"CONFIG", "SET", "slowlog-max-len", "1000000"});
  probe.checked({"CONFIG", "SET", "slowlog-log-slower-than", "0"});
}

/// The numbers that a server has stored under each key, in its order.
std::map<std::string, std::vector<std::uint64_t>> numbers_at(RedisServer& server) {
  const auto log = server.probe().checked({"SLOWLOG", "GET", "1000000"});
  std::map<std::string, std::vector<std::uint64_t>> numbers;
  for (auto entry = log.elements.rbegin(); entry != log.elements.rend(); ++entry) {
    const auto& words = entry->elements.at(3).elements;
    if (words.size() >= 3 && words[0].text == "SET" && words[1].text.find(load_name) != std::string::npos)
      numbers[words[1].text].push_back(std::stoull(words[2].text));
  }
  return numbers;
}

bool is_in_order(const std::vector<std::uint64_t>& numbers) {
  return std::is_sorted(numbers.begin(), numbers.end(), std::less_equal<>());
}

struct SentinelWorld {
  SentinelWorld() {
    auto options = patient<RedisCacheOptions>();
    options.service_name = lab.service_name();
    for (const auto port : lab.sentinel_ports())
      options.sentinels.push_back("127.0.0.1:" + std::to_string(port));
    cache = started(std::move(options));
    cache->await_started();
    for (std::size_t index = 0; index < lab.servers(); ++index)
      log_all_commands(lab.server(index));
  }
  bool has_other_master(std::size_t previous) {
    return holds([&] { return lab.wait_for_new_master(previous, 1s); });
  }
  bool is_demoted(std::size_t server) {
    return holds([&] { return lab.server(server).probe().info("role") == "slave"; });
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
  void expect_order(NumberedLoad& load) {
    BOOST_REQUIRE(load.stop());
    // On a busy machine the master may be replaced once more.
    for (auto& key : load.keys())
      BOOST_REQUIRE(holds([&] {
        return load.store_last(key) && lab.master().probe().get(key.name) == std::to_string(key.begun);
      }));
    std::map<std::string, std::vector<std::uint64_t>> numbers;
    BOOST_REQUIRE(holds([&] {
      numbers = numbers_at(lab.master());
      return true;
    }));
    for (auto& key : load.keys())
      BOOST_TEST((!numbers[key.name].empty() && is_in_order(numbers[key.name])), key.name);
  }

  SentinelLab lab;
  std::shared_ptr<RedisCache> cache;
};

std::vector<std::string> names(int count) {
  std::vector<std::string> names;
  for (int index = 0; index < count; ++index)
    names.push_back(load_name + std::to_string(index));
  return names;
}

}  // namespace

BOOST_AUTO_TEST_CASE(in_a_planned_fail_over_changes_of_a_key_keep_their_order) {
  SentinelWorld world;
  NumberedLoad load(world.cache, names(3), 1500);
  BOOST_REQUIRE(load.proceeds(200));
  const auto master = world.lab.master_index();
  world.lab.request_failover();
  BOOST_REQUIRE(world.has_other_master(master));
  // Until it is demoted the old master takes writes, which are lost.
  BOOST_REQUIRE(world.is_demoted(master));
  BOOST_REQUIRE(load.proceeds(100));
  world.expect_order(load);
}

BOOST_AUTO_TEST_CASE(when_the_master_is_killed_changes_of_a_key_keep_their_order) {
  SentinelWorld world;
  NumberedLoad load(world.cache, names(3), 1500);
  BOOST_REQUIRE(load.proceeds(200));
  const auto master = world.lab.master_index();
  world.lab.server(master).kill();
  BOOST_REQUIRE(world.has_other_master(master));
  BOOST_REQUIRE(load.proceeds(100));
  world.expect_order(load);
}

BOOST_AUTO_TEST_CASE(while_a_slot_moves_changes_of_a_key_keep_their_order) {
  ClusterLab lab({.replicas_per_master = 0});
  auto options = patient<RedisCacheOptions>();
  options.startup_nodes = {"127.0.0.1:" + std::to_string(lab.node(0).port())};
  const auto cache = started(std::move(options));
  const int slot = 100;
  const std::string tag = "{" + lab.key_in(slot) + "}";
  auto source = lab.master_of(slot);
  auto target = (source + 1) % 3;
  log_all_commands(lab.node(source));
  log_all_commands(lab.node(target));
  NumberedLoad load(cache, {tag + load_name + "0", tag + load_name + "1", tag + load_name + "2"}, 6000);
  BOOST_REQUIRE(load.proceeds(50));
  for (int move = 0; move < 10; ++move) {
    lab.begin_move(slot, target);
    BOOST_REQUIRE(load.proceeds(20));
    while (lab.move_keys(slot, target, 1) > 0)
      BOOST_REQUIRE(load.proceeds(20));
    lab.finish_move(slot, target);
    BOOST_REQUIRE(load.proceeds(50));
    std::swap(source, target);
  }
  BOOST_REQUIRE(load.stop());
  for (const auto node : {source, target}) {
    auto numbers = numbers_at(lab.node(node));
    for (const auto& key : load.keys())
      BOOST_TEST((!numbers[key.name].empty() && is_in_order(numbers[key.name])), key.name);
  }
  for (const auto& key : load.keys())
    BOOST_TEST(std::stoull(lab.get(key.name).value_or("0")) >= key.last);
}

BOOST_AUTO_TEST_SUITE_END()
