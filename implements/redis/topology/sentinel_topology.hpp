#pragma once

#include "redis/topology/master_pursuit.hpp"
#include "redis/topology/refresh_gate.hpp"
#include "redis/topology/routed_topology.hpp"
#include "redis/topology/sentinel_watcher.hpp"

#include <cachesite/logger.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite::redis {

struct SentinelOptions {
  ConnectorOptions watcher;  // of the sentinels; its address is not looked at
  EndpointOptions endpoint;  // of the servers; its address is not looked at
  std::vector<ServerAddress> sentinels;
  std::string service_name;
  bool read_from_replicas = false;
};

/// A master and its replicas, found by asking sentinels. Every connection to the master shows by ROLE that it
/// is one. Calls read the current view without a lock; a background thread, the keeper, changes it.
///
/// MasterPursuit holds the states: which server is the master in use, and which one is the candidate. The
/// keeper has a turn when there is news, after a while when there is a candidate, and soon when memory or a
/// thread was missing. In each of them it
///
///     1. watches sentinels that it was told of
///     2. passes over a candidate that denies to be the master, connects to a new one, and makes one that is
///        up the master in use
///     3. keeps the replicas that the sentinels name
///     4. asks the sentinels again, when somebody wants that and the pause of RefreshGate is over
///     5. without the lock: retires servers that are not used any more
///
/// A call without a master waits until the first search is settled, and for `master_patience` after the last
/// master was left; then calls fail until there is one.
class SentinelTopology final : public RoutedTopology {
 public:
  SentinelTopology(SentinelOptions options, std::string label, std::shared_ptr<ILogger> logger);
  ~SentinelTopology() override;

 private:
  void do_start() override;
  void do_await_started() override;
  void do_stop() noexcept override;
  [[nodiscard]] Health do_health() const override;
  [[nodiscard]] std::vector<RedisEndpointStatistics> do_statistics() const override;

  struct Watched {
    std::unique_ptr<SentinelWatcher> watcher;
    bool answered = false;
    std::vector<ServerAddress> replicas;
  };

  std::optional<Result<View>> look_for_view(ViewSearch& search, TimePoint& limit, Lock& lock) override;
  ServerHint read_hint(std::string_view error, const ServerAddress& by) override;
  std::uint64_t refresh(const Step& step, std::optional<HashSlot> slot, Lock& lock) override;
  [[nodiscard]] std::uint64_t rounds(const Lock&) const noexcept override { return 0; }
  Result<ServerNode> node_named(const ServerAddress& address, Room room) override;
  void keep() override;

  void watch_sentinels();
  void watch(const ServerAddress& sentinel);
  void heard(const ServerAddress& sentinel, const SentinelNews& news);
  void wake_keeper();
  void ask_sentinels(Lock& lock);
  void leave_master(Lock& lock);
  void follow_choice(std::vector<ServerNode>& retired, Lock& lock);
  void follow_replicas(std::vector<ServerNode>& retired, Lock& lock);
  ServerNode make_node(const ServerAddress& address, bool master, Lock& lock);
  void publish(Lock& lock);
  [[nodiscard]] bool settled() const;
  [[nodiscard]] Error no_master() const;
  void log(LogLevel level, const std::string& message) const;

  const SentinelOptions options_;
  const std::string label_;
  const std::shared_ptr<ILogger> logger_;

  bool news_ = false;
  bool starved_ = false;      // the keeper's last turn ended for want of memory or of a thread
  bool unpublished_ = false;  // the view is older than the nodes
  RefreshGate gate_{std::chrono::milliseconds(250)};
  MasterPursuit pursuit_;
  std::map<ServerAddress, Watched> sentinels_;
  std::vector<ServerAddress> to_watch_;
  ServerNode master_;
  ServerNode candidate_;
  std::vector<ServerNode> replicas_;
  TimePoint patience_ends_ = TimePoint::max();
};

}  // namespace cachesite::redis
