// Sessions of users: a component of your own on a connection to Redis, in one file. A session is a hash of
// fields, each as JSON, like redis-kit, so its programs share the sessions.
//
//   sessions     on a private redis-server

#include "demo_server.hpp"

#include <cachesite/cachesite.hpp>

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <iostream>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using cachesite::Result;

/// Sessions that end when they are unused for a while.
class ISessions : public cachesite::Interface<ISessions, "ISessions"> {
 public:
  using Fields = std::map<std::string, cachesite::Data>;

  /// The id of a new session.
  virtual Result<std::string> create(const Fields& fields) = 0;
  /// The fields; none when the session is over.
  virtual Result<Fields> get(std::string_view id) = 0;
  /// Adds and replaces fields, and renews the TTL. False when the session is over.
  virtual Result<bool> update(std::string_view id, const Fields& fields) = 0;
  /// Ends the session: true when there was one.
  virtual Result<bool> remove(std::string_view id) = 0;
};

struct RedisSessionsOptions {
  cachesite::Reference<cachesite::IRedis> connection;
  std::string prefix = "session";
  std::chrono::seconds ttl{1800};

  static cachesite::ParameterTable parameters() {
    using O = RedisSessionsOptions;
    return {
        cachesite::parameter("connection", &O::connection, "The server that keeps the sessions.").required(),
        cachesite::parameter("prefix", &O::prefix, "First part of every key; a colon follows."),
        cachesite::parameter("ttl", &O::ttl, "How long a session lasts that nobody uses.")
            .between(std::chrono::seconds(1), std::chrono::seconds(31'536'000)),
    };
  }
};

class RedisSessions final : public ISessions {
 public:
  using Options = RedisSessionsOptions;
  explicit RedisSessions(Options options)
      : options_(std::move(options)), update_(options_.connection->make_script(R"(
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
for index = 2, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[index], ARGV[index + 1]) end
redis.call('EXPIRE', KEYS[1], ARGV[1])
return 1)")) {}

  Result<std::string> create(const Fields& fields) override {
    const auto texts = written(fields);
    if (!texts.ok()) return texts.error();
    const std::string id = new_id();
    cachesite::RedisCommand store("HSET", key(id));
    for (const auto& text : texts.value())
      store.add(text);
    const std::vector<cachesite::RedisCommand> commands{store, {"EXPIRE", key(id), options_.ttl.count()}};
    const auto done = options_.connection->transact(commands);
    if (!done.ok()) return done.error();
    for (const auto& reply : done.value().replies)
      if (const auto status = reply.as_status(); !status.ok()) return status.error();
    return id;
  }

  Result<Fields> get(std::string_view id) override {
    const auto reply = options_.connection->call(cachesite::RedisCommand("HGETALL", key(id)).repeatable());
    if (!reply.ok()) return reply.error();
    const auto parts = reply.value().as_list();
    if (!parts.ok()) return parts.error();
    Fields fields;
    for (std::size_t index = 0; index + 1 < parts.value().size(); index += 2) {
      auto value = json_.read_data(parts.value()[index + 1].text());
      if (!value.ok()) return value.error();
      fields.insert_or_assign(std::string(parts.value()[index].text()), std::move(value).value());
    }
    return fields;
  }

  Result<bool> update(std::string_view id, const Fields& fields) override {
    const auto texts = written(fields);
    if (!texts.ok()) return texts.error();
    const std::string session = key(id);
    const std::string ttl = std::to_string(options_.ttl.count());
    std::vector<cachesite::ByteView> arguments{ttl};
    arguments.insert(arguments.end(), texts.value().begin(), texts.value().end());
    const std::vector<cachesite::ByteView> keys{session};
    return one(options_.connection->run(update_, keys, arguments));
  }

  Result<bool> remove(std::string_view id) override {
    return one(options_.connection->call({"DEL", key(id)}));
  }

 private:
  // 128 random bits.
  static std::string new_id() {
    std::random_device random;
    std::string id;
    for (int digit = 0; digit < 32; ++digit)
      id.push_back("0123456789abcdef"[random() % 16]);
    return id;
  }

  static Result<bool> one(const Result<cachesite::RedisValue>& reply) {
    if (!reply.ok()) return reply.error();
    const auto number = reply.value().as_integer();
    return number.ok() ? Result<bool>(number.value() == 1) : Result<bool>(number.error());
  }

  [[nodiscard]] std::string key(std::string_view id) const { return options_.prefix + ":" + std::string(id); }

  // Name, JSON, name, JSON ...
  [[nodiscard]] Result<std::vector<std::string>> written(const Fields& fields) const {
    std::vector<std::string> texts;
    for (const auto& [name, value] : fields) {
      texts.push_back(name);
      if (const auto status = json_.write(value, texts.emplace_back()); !status.ok()) return status.error();
    }
    return texts;
  }

  Options options_;
  cachesite::RedisScript update_;
  cachesite::JsonSerializer json_{cachesite::JsonOptions{.ascii = true}};
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
  options.catalog.add<RedisSessions>("RedisSessions");
  const auto site = cachesite::load_component_site_from_text(R"(
- class: RedisConnection
  entries: [{interface: IRedis, name: main}]
  port: ${env:REDIS_PORT}
- class: RedisSessions
  entries: [{interface: ISessions}]
  connection: main
  ttl: 30m
)",
                                                             cachesite::Format::yaml, options);

  const auto sessions = site->get_component<ISessions>();
  const auto id = sessions->create({{"user", "Ada"}, {"visits", 1}});
  if (!id.ok()) return 1;
  if (sessions->update(id.value(), {{"visits", 2}}).value_or(false)) std::cout << "welcome back\n";
  const auto fields = sessions->get(id.value());
  if (fields.ok())
    std::cout << fields.value().at("user").text() << ", visit " << fields.value().at("visits").integer()
              << "\n";
  const auto redis = site->get_component<cachesite::IRedis>("main");
  std::cout << "left: " << redis->integer({"TTL", "session:" + id.value()}).value_or(0) / 60 << " minutes\n";
  if (sessions->remove(id.value()).value_or(false)) std::cout << "logged out\n";
  if (!sessions->update(id.value(), {{"visits", 3}}).value_or(true)) std::cout << "the session is over\n";
}
