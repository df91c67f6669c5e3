#pragma once

#include "support/file_descriptor.hpp"
#include "support/redis_reply.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite::test {

/// Where and as whom a test talks to a server: a unix socket when `unix_socket_path` is set, else
/// 127.0.0.1:`port`.
struct RedisAddress {
  std::string unix_socket_path = {};
  std::uint16_t port = 0;
  std::string username = {};
  std::string password = {};
};

/// A small blocking Redis client for tests: seeds a server, inspects it, and sends raw bytes.
/// Every call throws std::runtime_error when the connection fails or `limit` passes. One thread at a time.
class RedisProbe {
 public:
  explicit RedisProbe(const RedisAddress& address,
                      std::chrono::milliseconds limit = std::chrono::seconds(10));

  /// Sends one command and returns its reply, error replies included.
  RedisReply command(const std::vector<std::string>& arguments);
  /// `command` that throws on an error reply.
  RedisReply checked(const std::vector<std::string>& arguments);
  /// Sends all commands at once and returns their replies.
  std::vector<RedisReply> pipeline(const std::vector<std::vector<std::string>>& commands);

  void set(const std::string& key, const std::string& value);
  std::optional<std::string> get(const std::string& key);
  bool exists(const std::string& key);
  /// Remaining time in milliseconds; -1 without expiry, -2 when the key is absent.
  std::int64_t ttl_milliseconds(const std::string& key);
  /// Returns when so much time has passed at the server, whose clock decides which keys are over.
  void let_pass(std::chrono::milliseconds time);
  void erase(const std::string& key);
  void flush();
  std::vector<std::string> keys(const std::string& pattern = "*");
  /// One field of INFO ("connected_clients"); empty when the server does not report it.
  std::string info(const std::string& field);
  /// Connections of others whose name is `client_name` (any when empty).
  std::size_t count_clients(const std::string& client_name = "");

  void send(std::string_view bytes);
  /// The next reply or pushed value; absent when `limit` passes. Throws when the server closed.
  std::optional<RedisReply> receive(std::chrono::milliseconds limit);
  int descriptor() const { return socket_.get(); }

 private:
  std::int64_t server_microseconds();

  FileDescriptor socket_;
  std::chrono::milliseconds limit_;
  std::string buffer_;
};

}  // namespace cachesite::test
