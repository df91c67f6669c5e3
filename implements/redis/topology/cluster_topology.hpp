#pragma once

#include "basics/condition.hpp"
#include "basics/thread.hpp"
#include "redis/base/published.hpp"
#include "redis/topology/refresh_gate.hpp"
#include "redis/topology/request_course.hpp"
#include "redis/topology/slot_map.hpp"
#include "redis/topology/topology.hpp"

#include <cachesite/logger.hpp>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace cachesite::redis {

struct ClusterOptions {
  EndpointOptions endpoint;  // of each server; its address is not looked at
  std::vector<ServerAddress> startup_nodes;
  bool read_from_replicas = false;
};

/// A Redis Cluster. Calls read the slot map without a lock; one background thread, the keeper, makes it anew
/// when a server or a failure says that it is out of date.
class ClusterTopology final : public Topology {
 public:
  ClusterTopology(ClusterOptions options, std::string label, std::shared_ptr<ILogger> logger);
  ~ClusterTopology() override;

  /// How often CLUSTER SLOTS has been asked for.
  [[nodiscard]] std::uint64_t refreshes() const;

 private:
  void do_start() override;
  void do_await_started() override;
  void do_stop() noexcept override;
  [[nodiscard]] Health do_health() const override;
  [[nodiscard]] std::vector<RedisEndpointStatistics> do_statistics() const override;
  Status do_execute(const Command& command, const Routing& routing, Reply& reply, CallTime time) override;
  void do_execute_all(std::span<Request> requests, CallTime time) override;
  Status do_for_each_master(const Visit& visit, CallTime time) override;

  using Lock = std::unique_lock<std::mutex>;
  using Node = std::shared_ptr<Endpoint>;
  struct View {
    SlotMap map;
    std::vector<Node> nodes;  // in the places of map.servers()
  };
  struct Choice {
    Node node;
    bool replica = false;
  };
  using Slot = std::optional<std::uint16_t>;

  static Slot slot_of(const Command& command, const Routing& routing) noexcept;
  [[nodiscard]] Choice choose(const View& view, Slot slot, bool replica) const;
  Result<std::shared_ptr<const View>> await_view(CallTime time);
  RequestCourse course_of(const Command& command, const Routing& routing, CallTime time);
  RequestCourse::Step judge(RequestCourse& course, const Status& status, const Reply& reply,
                            const Choice& asked, TimePoint now) const;
  Status travel(RequestCourse& course, RequestCourse::Step step, const Command& command, Slot slot,
                Reply& reply, CallTime time);
  std::optional<Error> prepare(const RequestCourse::Step& step, Slot slot, bool& refreshed, CallTime time);

  Node node_at(const ServerAddress& address, Lock& lock);
  void publish(SlotMap map, Lock& lock);
  void begin_work(Lock& lock);
  void keep();
  bool refresh(Lock& lock);
  std::vector<ServerAddress> whom_to_ask(Lock& lock);
  void drop_strangers(Lock& lock);
  [[nodiscard]] Error stopped_error() const { return Error(ErrorCode::closed, "the cache is stopped"); }

  const ClusterOptions options_;
  const std::string label_;
  const std::shared_ptr<ILogger> logger_;

  Published<View> view_;
  mutable std::atomic<std::uint32_t> turn_{0};
  std::atomic<bool> stopped_{false};

  mutable std::mutex mutex_;
  basics::Condition changed_;  // a round has ended, or the topology is stopped
  basics::Condition work_;     // for the keeper
  basics::Thread keeper_;
  bool working_ = false;
  RefreshGate gate_;
  std::map<ServerAddress, Node> nodes_;
  std::optional<ServerAddress> informed_;  // who has told us about a change last
  struct Move {
    std::uint16_t slot;
    ServerAddress master;
  };
  std::vector<Move> moves_;  // since the round under way has begun
  std::optional<Error> trouble_;
  std::uint64_t asked_ = 0;
};

}  // namespace cachesite::redis
