// A program with copies that a backplane keeps fresh, for tests that start it several times and kill it.
//
// backplane_worker PORT NUMBER WRITES   says "ready", waits for a line on standard input, reads and writes 20 keys, says
//     "written", waits for a line, reads until its copies are what the server has, and says how many are not

#include "support/patient.hpp"
#include "support/wait_until.hpp"

#include <cachesite/memory_cache.hpp>
#include <cachesite/redis_backplane.hpp>
#include <cachesite/redis_cache.hpp>
#include <cachesite/redis_connection.hpp>
#include <cachesite/tiered_cache.hpp>

#include <chrono>
#include <cstdint>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace {

using namespace cachesite;
using namespace std::chrono_literals;

struct World {
  explicit World(std::uint16_t port) {
    auto options = test::patient<RedisConnection::Options>();
    options.host = "127.0.0.1";
    options.port = port;
    redis = std::make_shared<RedisConnection>(options);
    RedisCacheOptions far_options;
    far_options.connection = std::shared_ptr<IRedis>(redis);
    far = std::make_shared<RedisCache>(far_options);
    RedisBackplaneOptions bus;
    bus.connection = std::shared_ptr<IRedis>(redis);
    bus.channel = "shop";
    bus.beat_interval = 200ms;
    TieredCacheOptions tiers;
    tiers.over = Reference<ICache>(far);
    tiers.near = Reference<ICache>(std::make_shared<MemoryCache>());
    tiers.coherence.mode = CoherenceMode::backplane;
    tiers.coherence.backplane = Reference<IBackplane>(std::make_shared<RedisBackplane>(bus));
    cache = std::make_shared<TieredCache>(tiers);
    (void)cache->get("begin");
  }
  [[nodiscard]] int differences() const {
    int different = 0;
    for (int key = 0; key < 20; ++key) {
      const auto name = "key:" + std::to_string(key);
      const auto copy = cache->get(name);
      const auto entry = far->get(name);
      if (copy.failed() || entry.failed() || copy.value().text() != entry.value().text()) ++different;
    }
    return different;
  }

  std::shared_ptr<RedisConnection> redis;
  std::shared_ptr<RedisCache> far;
  std::shared_ptr<TieredCache> cache;
};

void say(const std::string& text) {
  std::cout << text << std::endl;
}

}  // namespace

int main(int count, char** values) {
  const std::vector<std::string> arguments(values, values + count);
  const World world(static_cast<std::uint16_t>(std::stoi(arguments.at(1))));
  std::minstd_rand random(static_cast<unsigned>(std::stoi(arguments.at(2))));
  std::string line;
  if (!test::wait_until([&] { return world.cache->coherence().state == Coherence::coherent; })) return 1;
  say("ready");
  std::getline(std::cin, line);
  for (int write = 0; write < std::stoi(arguments.at(3)); ++write) {
    const auto key = "key:" + std::to_string(random() % 20);
    (void)world.cache->write(key, arguments.at(2) + ":" + std::to_string(write), 1h);
    for (int read = 0; read < 10; ++read)
      (void)world.cache->get("key:" + std::to_string(random() % 20));
  }
  say("written");
  std::getline(std::cin, line);
  int different = 0;
  (void)test::wait_until([&] { return (different = world.differences()) == 0; }, 5s);
  const auto statistics = world.cache->tier_statistics();
  say("different: " + std::to_string(different));
  say(statistics.near_hits > 0 && statistics.received > 0 ? "copies were served" : "nothing was shown");
  return 0;
}
