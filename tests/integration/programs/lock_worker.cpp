// A program with mutexes and queues that tests start, stop still and kill.
//
// lock_worker PORT increment MUTEX KEY ROUNDS     under the mutex, reads the key and writes one more
// lock_worker PORT hold MUTEX EXPIRE_MS           holds it until standard input ends, and tells what it
// learns lock_worker PORT work QUEUE REDELIVER_MS        counts each message of the queue in the hash `seen`

#include "support/patient.hpp"

#include <cachesite/mutex_guard.hpp>
#include <cachesite/redis_connection.hpp>
#include <cachesite/redis_mutex_site.hpp>
#include <cachesite/redis_stream_queue_site.hpp>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace cachesite;

int increment(IMutexSite& site, IRedis& redis, const std::vector<std::string>& arguments) {
  const auto mutex = site.get_mutex(arguments.at(3));
  const std::string& key = arguments.at(4);
  for (int round = std::stoi(arguments.at(5)); round > 0; --round) {
    MutexGuard guard(*mutex);
    const auto text = redis.text({"GET", key});
    if (!text.ok()) return 1;
    const auto next = std::stoll(text.value().value_or("0")) + 1;
    if (!redis.call({"SET", key, next}).ok() || !guard.release().value_or(false)) return 1;
  }
  return 0;
}

int hold(IMutexSite& site, const std::vector<std::string>& arguments) {
  const auto mutex = site.get_mutex(arguments.at(3));
  MutexRequest request;
  request.expire = std::chrono::milliseconds(std::stoi(arguments.at(4)));
  MutexGuard guard(*mutex, request);
  if (!guard) return 1;
  std::cout << "held " << guard.fencing_token() << std::endl;
  // Each line in one piece: two threads print.
  const std::stop_callback on_loss(guard.lost(), [] { std::cout << "told of the loss\n" << std::flush; });
  std::string line;
  while (std::getline(std::cin, line))
    std::cout << (guard.held() ? "has it: 1\n" : "has it: 0\n") << std::flush;
  std::cout << "released in time: " << guard.release().value_or(false) << std::endl;
  return 0;
}

int work(const std::shared_ptr<IRedis>& redis, const std::vector<std::string>& arguments) {
  RedisStreamQueueSiteOptions options;
  options.connection = redis;
  options.redeliver_after = std::chrono::milliseconds(std::stoi(arguments.at(4)));
  options.poll_interval = std::chrono::milliseconds(50);
  RedisStreamQueueSite site(options);
  std::stop_source stop;
  std::thread ender([&] {
    while (std::cin.get() != std::char_traits<char>::eof()) {
    }
    stop.request_stop();
  });
  site.get_consumer(arguments.at(3))->consume(stop.get_token(), [&](const QueueMessage& message) {
    if (!redis->call({"HINCRBY", "seen", message.text(), 1}).ok()) throw std::runtime_error("not counted");
  });
  ender.join();
  return 0;
}

}  // namespace

int main(int count, char** values) {
  const std::vector<std::string> arguments(values, values + count);
  auto options = test::patient<RedisConnection::Options>();
  options.host = "127.0.0.1";
  options.port = static_cast<std::uint16_t>(std::stoi(arguments.at(1)));
  const auto redis = std::make_shared<RedisConnection>(options);
  RedisMutexSiteOptions mutex_options;
  mutex_options.connection = std::shared_ptr<IRedis>(redis);
  const std::string& verb = arguments.at(2);
  if (verb == "work") return work(redis, arguments);
  RedisMutexSite site(mutex_options);
  if (verb == "increment") return increment(site, *redis, arguments);
  if (verb == "hold") return hold(site, arguments);
  return 2;
}
