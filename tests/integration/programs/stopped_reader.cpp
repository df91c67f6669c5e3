// A program with a copy that news keep fresh, for tests that stop it with SIGSTOP.
//
// stopped_reader PORT MAX_STALENESS   (in milliseconds) for each line on standard input reads "key", and says what it has
//     read, whether a copy of it is served, and how many microseconds the read took

#include "support/patient.hpp"

#include <cachesite/memory_cache.hpp>
#include <cachesite/redis_cache.hpp>
#include <cachesite/tiered_cache.hpp>

#include <chrono>
#include <cstdint>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

using namespace cachesite;

int main(int count, char** values) {
  const std::vector<std::string> arguments(values, values + count);
  auto redis = test::patient<RedisCacheOptions>();
  redis.host = "127.0.0.1";
  redis.port = static_cast<std::uint16_t>(std::stoi(arguments.at(1)));
  TieredCacheOptions options;
  options.over = std::static_pointer_cast<ICache>(std::make_shared<RedisCache>(redis));
  options.near = std::static_pointer_cast<ICache>(std::make_shared<MemoryCache>());
  options.coherence.mode = CoherenceMode::tracking;
  options.coherence.max_staleness = std::chrono::milliseconds(std::stoi(arguments.at(2)));
  TieredCache cache(options);
  for (std::string line; std::getline(std::cin, line);) {
    const auto begin = std::chrono::steady_clock::now();
    const auto value = cache.get_value("key");
    const auto took = std::chrono::steady_clock::now() - begin;
    std::cout << line << ": " << (value ? value->text() : "nothing")
              << (cache.explain_copy("key").served ? " copied " : " alone ")
              << std::chrono::duration_cast<std::chrono::microseconds>(took).count() << " us" << std::endl;
  }
  return 0;
}
