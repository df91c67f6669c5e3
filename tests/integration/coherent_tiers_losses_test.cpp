// Copies in memory while readers and a writer work and connections, masters and slots go. CACHESITE_LOSSES sets how
// often.

#include "integration/change_feed_fixture.hpp"
#include "integration/coherent_tiers_fixture.hpp"
#include "support/redis_lab.hpp"

#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

constexpr auto patience = 60s;
constexpr std::size_t key_count = 24;

int losses(int usually) {
  const char* const wanted = std::getenv("CACHESITE_LOSSES");
  return wanted == nullptr ? usually : std::atoi(wanted);
}

std::string key_of(std::size_t number) {
  return "key" + std::to_string(number);
}

int number_in(const Lookup& found) {
  int number = 0;
  if (!found.hit()) return number;
  const auto text = found.value().text();
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

using Numbers = std::array<std::atomic<int>, key_count>;

/// Two threads that read copies, and one that writes growing numbers past them, while this lives.
class Load {
 public:
  Load(ICache& copies, ICache& server) {
    threads_.emplace_back([&] {
      while (!done_)
        for (std::size_t key = 0; key < key_count; ++key)
          if (const int number = ++last_; server.set_value(key_of(key), std::to_string(number), 1h))
            acknowledged_[key] = number;
    });
    for (int reader = 0; reader < 2; ++reader)
      threads_.emplace_back([&] {
        while (!done_)
          for (std::size_t key = 0; key < key_count; ++key) {
            const int least = least_[key];
            const auto found = copies.get(key_of(key));
            if (found.hit() && number_in(found) < least) ++old_;
          }
      });
  }
  ~Load() {
    done_ = true;
    for (auto& thread : threads_)
      thread.join();
  }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  [[nodiscard]] std::array<int, key_count> acknowledged() const {
    std::array<int, key_count> all{};
    for (std::size_t key = 0; key < key_count; ++key)
      all[key] = acknowledged_[key];
    return all;
  }
  /// From here on no reader may see less.
  void expect_at_least(const std::array<int, key_count>& numbers) {
    for (std::size_t key = 0; key < key_count; ++key)
      least_[key] = numbers[key];
  }
  [[nodiscard]] int old() const { return old_; }
  [[nodiscard]] int written() const { return last_; }

 private:
  Numbers acknowledged_{};
  Numbers least_{};
  std::atomic<int> last_{0};
  std::atomic<int> old_{0};
  std::atomic<bool> done_{false};
  std::vector<std::thread> threads_;
};

/// The copies of a process, and the server that they are of.
struct Audited {
  explicit Audited(const RedisCacheOptions& redis) : server(std::make_shared<RedisCache>(redis)) {
    TieredCacheOptions options;
    options.over = std::static_pointer_cast<ICache>(std::make_shared<RedisCache>(redis));
    options.near = std::static_pointer_cast<ICache>(std::make_shared<MemoryCache>());
    options.coherence.mode = CoherenceMode::tracking;
    copies = std::make_shared<TieredCache>(options);
    (void)copies->get("begin");
    BOOST_REQUIRE(coherent());
  }

  [[nodiscard]] bool coherent() const {
    return wait_until([&] { return copies->coherence().state == Coherence::coherent; }, patience);
  }
  /// Keys that this process and the server tell apart once all news have come.
  [[nodiscard]] int differences() const {
    if (!wait_until([&] { return coherent() && copies->fence(10s).ok(); }, patience)) return -1;
    int count = 0;
    for (std::size_t key = 0; key < key_count; ++key)
      if (number_in(copies->get(key_of(key))) != number_in(server->get(key_of(key)))) ++count;
    return count;
  }
  [[nodiscard]] bool takes_writes() const {
    return wait_until(
        [&] {
          for (std::size_t key = 0; key < key_count; ++key)
            if (!server->set_value(key_of(key), "0", 1h)) return false;
          return true;
        },
        patience);
  }

  std::shared_ptr<RedisCache> server;
  std::shared_ptr<TieredCache> copies;
};

/// Asks again: a server gives a planned fail-over up when it does not find the time for it.
bool fail_over(ClusterLab& lab, int slot, std::size_t master) {
  return wait_until(
      [&] {
        (void)lab.node(lab.replica_of(master)).probe().command({"CLUSTER", "FAILOVER"});
        return lab.wait_for_new_master(slot, master, 10s);
      },
      patience);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(coherent_tiers_losses)

BOOST_AUTO_TEST_CASE(no_copy_of_before_is_served_after_the_news_connection_was_killed) {
  RedisServer server;
  auto redis = patient<RedisCacheOptions>();
  redis.host = "127.0.0.1";
  redis.port = server.port();
  const Audited both(redis);
  auto probe = server.probe();
  {
    Load load(*both.copies, *both.server);
    for (int loss = 0; loss < losses(10); ++loss) {
      const int written = load.written();
      BOOST_REQUIRE(wait_until([&] { return load.written() > written + 2 * static_cast<int>(key_count); }));
      const auto before = load.acknowledged();
      const auto epochs = both.copies->tier_statistics().epochs;
      BOOST_REQUIRE(wait_until([&] {
        return probe.command({"CLIENT", "KILL", "ID", news_connection(probe)}).integer == 1;
      }));
      BOOST_REQUIRE(wait_until([&] { return both.copies->tier_statistics().epochs > epochs; }));
      load.expect_at_least(before);
    }
    BOOST_TEST(both.coherent());
    BOOST_TEST(load.old() == 0);
  }
  BOOST_TEST(both.differences() == 0);
  BOOST_TEST(both.copies->tier_statistics().near_hits > 0U);
}

BOOST_AUTO_TEST_CASE(a_fail_over_by_sentinels_leaves_no_difference) {
  SentinelLab lab;
  auto redis = patient<RedisCacheOptions>();
  for (const auto port : lab.sentinel_ports())
    redis.sentinels.push_back("127.0.0.1:" + std::to_string(port));
  redis.service_name = lab.service_name();
  const Audited both(redis);
  for (int loss = 0; loss < losses(1); ++loss)
    BOOST_TEST_CONTEXT("fail-over " << loss) {
      lab.wait_until_ready();
      const auto first = lab.master_index();
      {
        const Load load(*both.copies, *both.server);
        lab.request_failover();
        BOOST_REQUIRE(lab.wait_for_new_master(first));
        BOOST_REQUIRE(both.takes_writes());
      }
      BOOST_TEST(both.differences() == 0);
    }
}

BOOST_AUTO_TEST_CASE(a_fail_over_of_a_cluster_and_slots_that_move_leave_no_difference) {
  ClusterLab lab;
  auto redis = patient<RedisCacheOptions>();
  for (const auto port : lab.ports())
    redis.startup_nodes.push_back("127.0.0.1:" + std::to_string(port));
  const Audited both(redis);
  const int slot = lab.slot_of(key_of(0));
  for (int loss = 0; loss < losses(2); ++loss)
    BOOST_TEST_CONTEXT("loss " << loss) {
      lab.wait_until_ready();
      const auto master = lab.master_of(slot);
      {
        const Load load(*both.copies, *both.server);
        switch (loss % 3) {
          case 0:
            BOOST_REQUIRE(fail_over(lab, slot, master));
            break;
          case 1:
            lab.move_slot(slot, lab.master_of(slot == 0 ? 16'000 : 0) == master ? lab.master_of(8'000)
                                                                                : lab.master_of(0));
            break;
          default:
            lab.node(master).kill();
            BOOST_REQUIRE(lab.wait_for_new_master(slot, master));
            lab.node(master).restart();
        }
        BOOST_REQUIRE(both.takes_writes());
      }
      BOOST_TEST(both.differences() == 0);
    }
}

BOOST_AUTO_TEST_SUITE_END()
