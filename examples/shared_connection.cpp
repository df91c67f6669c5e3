// One connection to Redis for two caches and for other commands of Redis: counters,
// pipelines, transactions, scripts and messages.
//
//   shared_connection FILE    a component file such as configs/redis-shared-connection.yml
//   shared_connection         that file, on a private redis-server

#include "demo_server.hpp"

#include <cachesite/cachesite.hpp>

#include <chrono>
#include <cstdlib>
#include <future>
#include <iostream>
#include <string>
#include <vector>

using namespace std::chrono_literals;

namespace {

void use(cachesite::ComponentSite& site) {
  // The caches are independent, but their commands are sent together.
  const auto sessions = site.get_component<cachesite::ICache>("sessions");
  const auto pages = site.get_component<cachesite::ICache>("pages");
  sessions->set_value("ada", "logged in", 30min);
  pages->set_value("/", "<h1>Welcome</h1>", 1min);

  const auto redis = site.get_component<cachesite::IRedis>("main");
  const auto visits = redis->integer({"INCR", "visits"});
  if (visits.ok())
    std::cout << "visit number " << visits.value() << "\n";
  else
    std::cout << "no counter: " << visits.error().message() << "\n";

  // Sent at once; one result for each.
  const std::vector<cachesite::RedisCommand> commands{{"SET", "stock", 10}, {"EXPIRE", "stock", 60}};
  for (const auto& result : redis->pipeline(commands))
    if (!result.ok()) std::cout << "pipeline: " << result.error().message() << "\n";

  // Read, decide, write: repeated, at most five times, when somebody changes the stock meanwhile.
  const auto sale = redis->transact(
      {"stock"},
      [](cachesite::IRedisSession& session) -> cachesite::Result<std::vector<cachesite::RedisCommand>> {
        const auto stock = session.call({"GET", "stock"});
        if (!stock.ok()) return stock.error();
        const auto text = stock.value().as_text();
        if (!text.ok() || text.value() == "0")
          return cachesite::Error(cachesite::ErrorCode::refused, "sold out");
        return std::vector<cachesite::RedisCommand>{{"DECR", "stock"}, {"RPUSH", "orders", "ada"}};
      },
      5);
  std::cout << (sale.ok() && sale.value().committed ? "sold one" : "not sold") << "\n";

  // Only its checksum is sent once the server knows it.
  const auto script = redis->make_script("return redis.call('GET', KEYS[1]) .. ' left, ' .. ARGV[1]");
  if (const auto left = redis->run(script, {"stock"}, {"hurry"}); left.ok())
    std::cout << left.value().as_text().value_or("nothing") << "\n";

  // Repairs itself; `on_gap` reports messages missed while the server was away.
  std::promise<std::string> news;
  cachesite::RedisSubscriber subscriber;
  subscriber.channels = {"news"};
  subscriber.on_message = [&](const cachesite::RedisMessage& message) {
    news.set_value(std::string(message.payload));
  };
  subscriber.on_gap = [](const cachesite::RedisGap& gap) {
    std::cout << "missed " << gap.length.count() << " ms\n";
  };
  const auto subscription = redis->subscribe(subscriber);
  if (!subscription->wait_until_active(1s)) return;
  (void)redis->call({"PUBLISH", "news", "doors are open"});
  auto heard = news.get_future();
  if (heard.wait_for(1s) == std::future_status::ready) std::cout << heard.get() << "\n";
}

}  // namespace

int main(int count, char** arguments) {
  cachesite::LoadOptions options;
  options.allow_substitution = true;
  if (count > 1) {
    use(*cachesite::load_component_site(arguments[1], options));
    return 0;
  }
  DemoServer server;
  if (!server.start()) {
    std::cout << "there is no redis-server to be started here\n";
    return 0;
  }
  ::setenv("REDIS_PORT", std::to_string(server.port()).c_str(), 1);
  use(*cachesite::load_component_site(CACHESITE_CONFIGS "/redis-shared-connection.yml", options));
}
