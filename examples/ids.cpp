// Ids that are unique among all programs: a component of your own on a connection to Redis, in one file. The
// counters are those of redis-kit, so its programs share the ids.
//
//   ids          on a private redis-server

#include "demo_server.hpp"

#include <cachesite/cachesite.hpp>

#include <cstddef>
#include <cstdlib>
#include <iostream>
#include <string>
#include <utility>

class IIdSource : public cachesite::Interface<IIdSource, "IIdSource"> {
 public:
  /// The next id. After a failure an id may be lost; no other caller gets it.
  [[nodiscard]] virtual cachesite::Result<std::string> next() = 0;
};

struct RedisIdsOptions {
  cachesite::Reference<cachesite::IRedis> connection;
  std::string counter;
  std::string prefix;
  int padding = 0;

  static cachesite::ParameterTable parameters() {
    using O = RedisIdsOptions;
    return {
        cachesite::parameter("connection", &O::connection, "The server that counts.").required(),
        cachesite::parameter("counter", &O::counter, "Name of the counter.").required(),
        cachesite::parameter("prefix", &O::prefix, "Put in front of every number."),
        cachesite::parameter("padding", &O::padding, "Least number of digits; zeros fill it.").between(0, 20),
    };
  }
};

class RedisIds final : public IIdSource {
 public:
  using Options = RedisIdsOptions;
  explicit RedisIds(Options options) : options_(std::move(options)) {}

  cachesite::Result<std::string> next() override {
    const auto number = options_.connection->integer({"INCR", "redis_kit:id:" + options_.counter});
    if (!number.ok()) return number.error();
    const std::string digits = std::to_string(number.value());
    const auto least = static_cast<std::size_t>(options_.padding);
    const std::string zeros(digits.size() < least ? least - digits.size() : 0, '0');
    return options_.prefix + zeros + digits;
  }

 private:
  Options options_;
};

int main() {
  DemoServer server;
  if (!server.start()) {
    std::cout << "there is no redis-server to be started here\n";
    return 0;
  }
  ::setenv("REDIS_PORT", std::to_string(server.port()).c_str(), 1);

  cachesite::LoadOptions options;
  options.allow_substitution = true;
  options.catalog.add<RedisIds>("RedisIds");
  const auto site = cachesite::load_component_site_from_text(R"(
- class: RedisConnection
  entries: [{interface: IRedis, name: main}]
  port: ${env:REDIS_PORT}
- class: RedisIds
  entries: [{interface: IIdSource, name: orders}]
  connection: main
  counter: orders
  prefix: "order-"
  padding: 6
- class: RedisIds
  entries: [{interface: IIdSource, name: users}]
  connection: main
  counter: users
)",
                                                             cachesite::Format::yaml, options);

  for (const auto* name : {"orders", "orders", "users", "orders"})
    std::cout << site->get_component<IIdSource>(name)->next().value_or("no id") << "\n";
  server.kill();
  const auto failed = site->get_component<IIdSource>("orders")->next();
  std::cout << (failed.ok() ? "an id without a server" : "no id without a server") << "\n";
}
