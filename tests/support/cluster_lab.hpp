#pragma once

#include "support/redis_server.hpp"
#include "support/reserved_port.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace cachesite::test {

struct ClusterLabOptions {
  std::size_t masters = 3;
  std::size_t replicas_per_master = 1;
  std::chrono::milliseconds node_timeout = std::chrono::milliseconds(1000);
  /// With false the remaining slots are served while some have no node.
  bool require_full_coverage = false;
  std::string password = {};
};

/// A Redis Cluster on loopback (Redis 7.0 or later, for bus ports chosen by the kernel). Ready when the
/// constructor returns: every node agrees on all slots, and every replica is in step with its master. A
/// master that dies before that would leave its slots without an heir for ever.
class ClusterLab {
 public:
  static constexpr int slots = 16384;

  explicit ClusterLab(ClusterLabOptions options = {});

  /// Nodes 0 .. masters - 1 begin as masters, with equal shares of the slots in that order; node `masters +
  /// i` begins as a replica of node `i % masters`.
  RedisServer& node(std::size_t index) { return *nodes_.at(index); }
  std::size_t nodes() const { return nodes_.size(); }
  std::vector<std::uint16_t> ports() const;

  /// As computed by the server.
  int slot_of(const std::string& key);
  /// A key that falls into `slot`, without braces: `prefix` and a number.
  std::string key_in(int slot, const std::string& prefix = "key");
  /// Index of the node that serves the slot, as the living nodes other than a dead one see it.
  std::size_t master_of(int slot);
  /// Index of a living replica of that node.
  std::size_t replica_of(std::size_t master);
  std::string node_id(std::size_t index) { return ids_.at(index); }
  std::size_t index_of_port(std::uint16_t port) const;

  /// Sets a key on the node that serves it, and reads it there.
  void set(const std::string& key, const std::string& value);
  std::optional<std::string> get(const std::string& key);

  /// The steps of moving a slot. Between begin and finish the source answers ASK for keys that have gone.
  void begin_move(int slot, std::size_t target);
  /// Moves at most `most` keys; returns how many went.
  std::size_t move_keys(int slot, std::size_t target, std::size_t most = 1000);
  void finish_move(int slot, std::size_t target);
  /// All three.
  void move_slot(int slot, std::size_t target);

  /// Waits until all living nodes see another master than `previous` for the slot and it takes commands.
  bool wait_for_new_master(int slot, std::size_t previous,
                           std::chrono::milliseconds limit = std::chrono::seconds(30));
  /// Waits until all living nodes agree, all slots are served and every living replica is in step; throws
  /// with what is missing.
  void wait_until_ready(std::chrono::milliseconds limit = std::chrono::seconds(60));

 private:
  void create();
  std::string missing();
  std::size_t master_seen_by(std::size_t observer, int slot);

  ClusterLabOptions options_;
  std::vector<ReservedPort> bus_ports_;
  std::vector<std::unique_ptr<RedisServer>> nodes_;
  std::vector<std::string> ids_;
};

}  // namespace cachesite::test
