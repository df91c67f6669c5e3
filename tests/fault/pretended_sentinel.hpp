#pragma once

#include "support/collecting_logger.hpp"
#include "support/patient.hpp"
#include "support/scripted_server.hpp"

#include <cachesite/redis_cache.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace cachesite::test {

inline std::string bulk_reply(const std::string& text) {
  return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
}
inline std::string list(const std::vector<std::string>& texts) {
  std::string reply = "*" + std::to_string(texts.size()) + "\r\n";
  for (const auto& text : texts)
    reply += bulk_reply(text);
  return reply;
}

/// A sentinel that says what it is told to say.
class PretendedSentinel {
 public:
  explicit PretendedSentinel(std::uint16_t master) : master_(master) {}

  std::uint16_t port() const { return server_.port(); }
  std::size_t accepted() const { return server_.accepted(); }
  void set_master(std::uint16_t port) { master_ = port; }
  void set_replica(std::uint16_t port) { replica_ = port; }
  void set_sentinel(std::uint16_t port) { sentinel_ = port; }
  void announce(std::uint16_t from, std::uint16_t to) {
    master_ = to;
    server_.push(list({"message", "+switch-master",
                       "mymaster 127.0.0.1 " + std::to_string(from) + " 127.0.0.1 " + std::to_string(to)}),
                 listening_);
  }

 private:
  ScriptedAnswer answer(const ScriptedCommand& command) {
    if (command.name() == "SUBSCRIBE") listening_ = command.connection;
    if (command.name() == "SUBSCRIBE")
      return {"*3\r\n" + bulk_reply("subscribe") + bulk_reply("+switch-master") + ":1\r\n*3\r\n" +
              bulk_reply("subscribe") + bulk_reply("+promoted-slave") + ":2\r\n"};
    const auto& question = command.arguments.at(1);
    if (question == "GET-MASTER-ADDR-BY-NAME") return {list({"127.0.0.1", std::to_string(master_)})};
    if (question == "REPLICAS" && replica_ != 0)
      return {"*1\r\n" + list({"ip", "127.0.0.1", "port", std::to_string(replica_), "flags", "slave",
                               "master-link-status", "ok"})};
    if (question == "SENTINELS" && sentinel_ != 0)
      return {"*1\r\n" + list({"ip", "127.0.0.1", "port", std::to_string(sentinel_), "flags", "sentinel"})};
    return {"*0\r\n"};
  }

  std::atomic<std::uint16_t> master_;
  std::atomic<std::uint16_t> replica_{0};
  std::atomic<std::uint16_t> sentinel_{0};
  std::atomic<std::size_t> listening_{0};  // the connection that hears announcements, as of a real one
  ScriptedServer server_{
      ScriptedServer::after_setup([this](const ScriptedCommand& command) { return answer(command); })};
};

/// A data server that keeps nothing: its role can be changed, and commands of one name are never answered.
class PretendedServer {
 public:
  explicit PretendedServer(std::string role, std::string unanswered = {})
      : role_(std::move(role)), unanswered_(std::move(unanswered)) {}

  std::uint16_t port() const { return server_.port(); }
  ScriptedServer& script() { return server_; }
  void set_master(bool master) { is_master_ = master; }

 private:
  ScriptedAnswer answer(const ScriptedCommand& command) const {
    const auto name = command.name();
    if (name == unanswered_) return {};
    if (name == "ROLE") return {"*3\r\n" + bulk_reply(is_master_ ? "master" : "slave") + ":0\r\n*0\r\n"};
    if (name == "PING") return {"+PONG\r\n"};
    if (name == "GET") return {"$-1\r\n"};
    return {"+OK\r\n"};
  }

  const std::string role_;
  const std::string unanswered_;
  std::atomic<bool> is_master_{role_ == "master"};
  ScriptedServer server_{[this](const ScriptedCommand& command) { return answer(command); }};
};

inline std::shared_ptr<RedisCache> started(RedisCacheOptions options) {
  ComponentContext context;
  context.label = "RedisCache \"tested\"";
  context.logger = std::make_shared<CollectingLogger>();
  auto cache = std::make_shared<RedisCache>(std::move(options), context);
  cache->start();
  return cache;
}

inline RedisCacheOptions behind(std::initializer_list<const PretendedSentinel*> sentinels) {
  auto options = patient<RedisCacheOptions>();
  options.service_name = "mymaster";
  for (const auto* const sentinel : sentinels)
    options.sentinels.push_back("127.0.0.1:" + std::to_string(sentinel->port()));
  return options;
}

}  // namespace cachesite::test
