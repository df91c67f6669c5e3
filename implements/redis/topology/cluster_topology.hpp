#pragma once

#include "redis/topology/refresh_gate.hpp"
#include "redis/topology/routed_topology.hpp"
#include "redis/topology/slot_map.hpp"

#include <cachesite/logger.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite::redis {

struct ClusterOptions {
  EndpointOptions endpoint;  // of each server; its address is not looked at
  std::vector<ServerAddress> startup_nodes;
  bool read_from_replicas = false;
};

/// A Redis Cluster. Calls read the slot map without a lock; one background thread, the keeper, makes it anew
/// when a server or a failure says that it is out of date.
///
/// The states of the keeper, which RefreshGate holds. They change under the lock:
///
///     at rest  the view is taken as right     start(), a call without a view, a redirection, a failure
///                                             -> due
///     due      a round is wanted, and the     the pause is over -> asking
///              pause since the last one goes
///              on
///     asking   CLUSTER SLOTS goes to one      a map came: the view is published -> at rest, or due when a
///              server after the other,        round was wanted meanwhile
///              without the lock               no server had one -> due, after a pause that grows
///     stopped  for good                       stop() leads here from every state
///
/// A redirection (MOVED) moves one slot in the view at once, and once more in the map of a round under way.
class ClusterTopology final : public RoutedTopology {
 public:
  ClusterTopology(ClusterOptions options, std::string label, std::shared_ptr<ILogger> logger);
  ~ClusterTopology() override;

  /// How often CLUSTER SLOTS has been asked for.
  [[nodiscard]] std::uint64_t refreshes() const;
  [[nodiscard]] std::string slot_tag_of(const Endpoint& master) override;

 private:
  void do_start() override;
  void do_await_started() override;
  void do_stop() noexcept override;
  [[nodiscard]] Health do_health() const override;
  [[nodiscard]] std::vector<RedisEndpointStatistics> do_statistics() const override;

  std::optional<Result<View>> look_for_view(ViewSearch& search, TimePoint& limit, Lock& lock) override;
  ServerHint read_hint(std::string_view error, const ServerAddress& by) override;
  std::uint64_t refresh(const Step& step, std::optional<HashSlot> slot, Lock& lock) override;
  [[nodiscard]] std::uint64_t rounds(const Lock&) const noexcept override { return gate_.rounds(); }
  Result<ServerNode> node_named(const ServerAddress& address, Room room) override;
  void keep() override;

  bool move_slot(std::optional<HashSlot> slot, const ServerAddress& master, Lock& lock);
  ServerNode node_at(const ServerAddress& address, Lock& lock);
  void publish(SlotMap map, Lock& lock);
  bool make_view(Lock& lock);
  std::vector<ServerAddress> whom_to_ask(Lock& lock);
  void drop_strangers(Lock& lock);

  const ClusterOptions options_;
  const std::string label_;
  const std::shared_ptr<ILogger> logger_;

  RefreshGate gate_;
  std::map<ServerAddress, ServerNode> nodes_;
  std::optional<ServerAddress> informed_;  // who has told us about a change last
  struct Move {
    HashSlot slot;
    ServerAddress master;
  };
  std::vector<Move> moves_;  // since the round under way has begun
  std::uint64_t asked_ = 0;
};

}  // namespace cachesite::redis
