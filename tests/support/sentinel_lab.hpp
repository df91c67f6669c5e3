#pragma once

#include "support/redis_server.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace cachesite::test {

struct SentinelLabOptions {
  std::string service_name = "mymaster";
  std::size_t replicas = 2;
  std::size_t sentinels = 3;
  /// How long a master is silent before its sentinel takes it for dead.
  std::chrono::milliseconds down_after = std::chrono::milliseconds(500);
  /// Password of the data servers.
  std::string password = {};
  /// Password of the sentinels themselves.
  std::string sentinel_password = {};
};

/// A master, its replicas and sentinels that watch them, all on loopback. Ready when the constructor returns:
/// replicas in step with the master, sentinels knowing the replicas and each other.
class SentinelLab {
 public:
  explicit SentinelLab(SentinelLabOptions options = {});

  const std::string& service_name() const { return options_.service_name; }
  /// The data servers, in order of creation; number 0 is the first master.
  RedisServer& server(std::size_t index) { return *servers_.at(index); }
  std::size_t servers() const { return servers_.size(); }
  RedisServer& sentinel(std::size_t index) { return *sentinels_.at(index); }
  std::size_t sentinels() const { return sentinels_.size(); }
  std::vector<std::uint16_t> sentinel_ports() const;

  /// Index of the data server that most living sentinels name as the master.
  std::size_t master_index();
  RedisServer& master() { return server(master_index()); }
  /// Waits until all replicas have what the master has now.
  void replicate();
  /// Asks a sentinel for a planned fail-over. Waits for nothing: what was not replicated yet is lost.
  void request_failover();
  /// Waits until every living sentinel names another master than `previous` and that one has the role and
  /// takes writes.
  bool wait_for_new_master(std::size_t previous, std::chrono::milliseconds limit = std::chrono::seconds(30));
  /// Waits until replicas are in step and sentinels know everybody; throws with what is missing.
  void wait_until_ready(std::chrono::milliseconds limit = std::chrono::seconds(60));

 private:
  std::vector<std::size_t> named_masters();
  std::string missing();

  SentinelLabOptions options_;
  std::vector<std::unique_ptr<RedisServer>> servers_;
  std::vector<std::unique_ptr<RedisServer>> sentinels_;
};

}  // namespace cachesite::test
