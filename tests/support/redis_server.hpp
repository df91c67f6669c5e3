#pragma once

#include "support/monitor_stream.hpp"
#include "support/process.hpp"
#include "support/redis_probe.hpp"
#include "support/reserved_port.hpp"
#include "support/temporary_directory.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace cachesite::test {

/// PEM files with which a server speaks TLS.
struct RedisServerTls {
  std::string certificate_file = {};
  std::string key_file = {};
  std::string authority_file = {};
  bool require_client_certificate = false;
};

struct RedisServerOptions {
  /// Listen on 127.0.0.1; without it only the unix socket is there.
  bool tcp = true;
  /// Password of the default user (`requirepass`).
  std::string password = {};
  /// ACL users, each as in a configuration file: "reader on >secret ~app:* +get". "default off" is allowed.
  std::vector<std::string> users = {};
  /// Adds a TLS port beside the plain one.
  std::optional<RedisServerTls> tls = {};
  /// Further lines of redis.conf, such as "maxmemory 10mb". The last line for a name counts.
  std::vector<std::string> directives = {};
  /// Starts `redis-server --sentinel` instead; users and TLS do not apply then.
  bool sentinel = false;
};

/// A real redis-server of this test's own: on 127.0.0.1 at a port that the kernel chose, and on a unix
/// socket, in a temporary directory, without persistence. Answers when the constructor returns; dies with the
/// object or with the process.
class RedisServer {
 public:
  explicit RedisServer(RedisServerOptions options = {});
  ~RedisServer();
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  /// The version on this machine, such as {7, 0}; {0, 0} when there is no redis-server.
  static std::pair<int, int> version();

  std::string host() const { return "127.0.0.1"; }
  /// The plain TCP port; 0 without TCP. It stays reserved while the server is down.
  std::uint16_t port() const;
  /// The TLS port; 0 without TLS.
  std::uint16_t tls_port() const;
  const std::string& unix_socket_path() const { return unix_socket_path_; }
  /// Where and as whom the harness connects: always the plain unix socket, with all rights.
  const RedisAddress& address() const { return address_; }
  pid_t pid() const { return process_ ? process_->pid() : -1; }
  bool running() { return process_ && process_->running(); }

  /// A new connection with all rights.
  RedisProbe probe() const { return RedisProbe(address_); }
  MonitorStream monitor() const { return MonitorStream(address_); }
  /// What the server logged so far.
  std::string log() const;

  /// SIGTERM and waits for the end.
  void stop();
  /// SIGKILL and waits for the end.
  void kill();
  /// SIGSTOP: the kernel still accepts connections, nothing is answered. Returns once the server stands
  /// still.
  void freeze();
  /// SIGCONT.
  void thaw();
  /// Starts again on the same ports and socket (stops first when running); the data is gone. Returns once it
  /// answers.
  void restart();
  /// Starts after stop() or kill(), without waiting until it answers.
  void launch();
  /// Waits until the server answers a PING; throws with its log otherwise.
  void wait_until_ready(std::chrono::milliseconds limit = std::chrono::seconds(20));

 private:
  std::string configuration() const;

  RedisServerOptions options_;
  TemporaryDirectory directory_;
  std::unique_ptr<ReservedPort> port_;
  std::unique_ptr<ReservedPort> tls_port_;
  std::string unix_socket_path_;
  RedisAddress address_;
  std::unique_ptr<Process> process_;
};

}  // namespace cachesite::test
