#pragma once

#include "basics/condition.hpp"
#include "basics/thread.hpp"
#include "redis/base/published.hpp"
#include "redis/topology/master_pursuit.hpp"
#include "redis/topology/refresh_gate.hpp"
#include "redis/topology/request_course.hpp"
#include "redis/topology/sentinel_watcher.hpp"
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

struct SentinelOptions {
  ConnectorOptions watcher;  // of the sentinels; its address is not looked at
  EndpointOptions endpoint;  // of the servers; its address is not looked at
  std::vector<ServerAddress> sentinels;
  std::string service_name;
  bool read_from_replicas = false;
};

/// A master and its replicas, found by asking sentinels. Every connection to the master shows by ROLE that it
/// is one. Calls read the current view without a lock; a background thread, the keeper, changes it.
class SentinelTopology final : public Topology {
 public:
  SentinelTopology(SentinelOptions options, std::string label, std::shared_ptr<ILogger> logger);
  ~SentinelTopology() override;

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
    Node master;  // null while it is looked for
    std::vector<Node> replicas;
  };
  struct Choice {
    Node node;
    bool replica = false;
  };
  struct Watched {
    std::unique_ptr<SentinelWatcher> watcher;
    bool answered = false;
    std::vector<ServerAddress> replicas;
  };

  /// `now` is set anew when a master had to be waited for.
  Result<Choice> choose(bool replica, TimePoint& now, TimePoint deadline);
  RequestCourse course_of(const Command& command, const Routing& routing, CallTime time);
  RequestCourse::Step judge(RequestCourse& course, const Status& status, const Reply& reply,
                            const Choice& asked, TimePoint now);
  Status travel(RequestCourse& course, RequestCourse::Step step, const Command& command, Reply& reply,
                CallTime time);

  void begin_work(Lock& lock);
  void watch_sentinels();
  void watch(const ServerAddress& sentinel);
  void heard(const ServerAddress& sentinel, const SentinelNews& news);
  void wake_keeper();
  void keep();
  void ask_sentinels(Lock& lock);
  void leave_master(Lock& lock);
  void follow_choice(std::vector<Node>& retired, Lock& lock);
  void follow_replicas(std::vector<Node>& retired);
  Node make_node(const ServerAddress& address, bool master);
  void publish();
  [[nodiscard]] bool settled() const;
  [[nodiscard]] Error no_master() const;
  void log(LogLevel level, const std::string& message) const;

  const SentinelOptions options_;
  const std::string label_;
  const std::shared_ptr<ILogger> logger_;

  Published<View> view_;
  std::atomic<std::uint32_t> turn_{0};
  std::atomic<bool> stopped_{false};

  mutable std::mutex mutex_;
  basics::Condition changed_;  // the view, or whether anything is to be hoped for
  basics::Condition work_;     // for the keeper
  basics::Thread keeper_;
  bool working_ = false;
  bool news_ = false;
  bool starved_ = false;      // the keeper's last turn ended for want of memory or of a thread
  bool unpublished_ = false;  // the view is older than the nodes
  RefreshGate gate_{std::chrono::milliseconds(250)};
  MasterPursuit pursuit_;
  std::map<ServerAddress, Watched> sentinels_;
  std::vector<ServerAddress> to_watch_;
  Node master_;
  Node candidate_;
  std::vector<Node> replicas_;
  TimePoint patience_ends_ = TimePoint::max();
  std::optional<Error> trouble_;
};

}  // namespace cachesite::redis
