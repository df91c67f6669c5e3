// A program that asks for computed values over Redis, for tests that start it several times and kill it.
//
// compute_worker PORT PREFIX remember KEY THREADS MS LEASE_MS   waits for a line on standard input, asks for
//     KEY from so many threads at once, and prints every value; its factory takes MS and counts its runs at
//     the server under "runs"
// compute_worker PORT PREFIX hang KEY LEASE_MS                  its factory says "computing" and waits until
//     standard input ends

#include "support/patient.hpp"

#include <cachesite/redis_cache.hpp>
#include <cachesite/redis_connection.hpp>
#include <cachesite/redis_mutex_site.hpp>
#include <cachesite/remember_cache.hpp>

#include <chrono>
#include <iostream>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace cachesite;
using namespace std::chrono_literals;

struct World {
  World(std::uint16_t port, const std::string& prefix, int lease) {
    auto options = test::patient<RedisConnection::Options>();
    options.host = "127.0.0.1";
    options.port = port;
    redis = std::make_shared<RedisConnection>(options);
    redis->start();
    redis->await_started();
    RedisCacheOptions cache_options;
    cache_options.connection = std::shared_ptr<IRedis>(redis);
    cache_options.prefix = prefix;
    RedisMutexSiteOptions lock_options;
    lock_options.connection = std::shared_ptr<IRedis>(redis);
    lock_options.prefix = prefix + "__lock__:";
    RememberCacheOptions own;
    own.over = Reference<ICache>(std::make_shared<RedisCache>(cache_options));
    own.locks = Reference<IMutexSite>(std::make_shared<RedisMutexSite>(lock_options));
    own.lease = std::chrono::milliseconds(lease);
    cache = std::make_shared<RememberCache>(own);
  }

  std::shared_ptr<RedisConnection> redis;
  std::shared_ptr<RememberCache> cache;
};

int ask(World& world, const std::string& key, int threads, int milliseconds) {
  std::latch begin(threads + 1);
  std::vector<Lookup> answers(static_cast<std::size_t>(threads));
  std::vector<std::thread> callers;
  for (auto& answer : answers)
    callers.emplace_back([&] {
      begin.arrive_and_wait();
      answer = world.cache->remember(key, 10min, [&]() -> Result<std::string> {
        const auto run = world.redis->integer({"INCR", "runs"});
        if (!run.ok()) return run.error();
        std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
        return "value " + std::to_string(run.value());
      });
    });
  std::cout << "ready" << std::endl;
  std::string line;
  std::getline(std::cin, line);
  begin.arrive_and_wait();
  for (auto& caller : callers)
    caller.join();
  for (const auto& answer : answers)
    std::cout << (answer.hit() ? answer.value().text() : std::string_view("failed")) << "\n";
  return 0;
}

}  // namespace

int main(int count, char** values) {
  const std::vector<std::string> arguments(values, values + count);
  const auto port = static_cast<std::uint16_t>(std::stoi(arguments.at(1)));
  const std::string& verb = arguments.at(3);
  const std::string& key = arguments.at(4);
  if (verb == "remember") {
    World world(port, arguments.at(2), std::stoi(arguments.at(7)));
    return ask(world, key, std::stoi(arguments.at(5)), std::stoi(arguments.at(6)));
  }
  if (verb == "hang") {
    World world(port, arguments.at(2), std::stoi(arguments.at(5)));
    const auto answer = world.cache->remember(key, 10min, [&] {
      (void)world.redis->integer({"INCR", "runs"});
      std::cout << "computing" << std::endl;
      while (std::cin.get() != std::char_traits<char>::eof()) {
      }
      return "late value";
    });
    std::cout << (answer.hit() ? answer.value().text() : std::string_view("failed")) << std::endl;
    return 0;
  }
  return 2;
}
