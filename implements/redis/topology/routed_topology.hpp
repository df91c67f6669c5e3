#pragma once

#include "basics/condition.hpp"
#include "basics/thread.hpp"
#include "redis/base/snapshot_pointer.hpp"
#include "redis/channel/loop_home.hpp"
#include "redis/channel/wait_list.hpp"
#include "redis/topology/key_order.hpp"
#include "redis/topology/redirect_policy.hpp"
#include "redis/topology/slot_map.hpp"
#include "redis/topology/topology.hpp"

#include <cachesite/error.hpp>
#include <cachesite/i_event_loop.hpp>
#include <cachesite/result.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

namespace cachesite::redis {

using ServerNode = std::shared_ptr<Endpoint>;

/// A server that was chosen for a request.
struct ChosenServer {
  ServerNode node;
  bool replica = false;
};

/// A master and its replicas.
struct ReplicaSet {
  ServerNode master;
  std::vector<ServerNode> replicas;

  /// A replica that can be used, if one is wanted and there is one; else the master. Turns that follow each
  /// other give different replicas.
  [[nodiscard]] ChosenServer choose(bool try_replica, std::uint32_t turn) const;
};

/// The servers as they are known at one time. It does not change.
struct ServerView {
  std::vector<ReplicaSet> sets;  // of a cluster, in the places of slots->shards()
  std::optional<SlotMap> slots;  // of a cluster

  [[nodiscard]] bool usable() const noexcept { return !sets.empty() && sets.front().master; }
  /// The servers that hold the slot of a command; for a command without a slot any. Null when there are none.
  [[nodiscard]] const ReplicaSet* find(const Command& command, const Routing& routing,
                                       std::uint32_t turn) const;
  /// Whether each key has the same master by both.
  [[nodiscard]] bool has_masters_of(const ServerView& other) const;
  /// Those that hold keys.
  [[nodiscard]] std::vector<ServerNode> masters() const;
};

/// A topology of several servers that change. Calls choose a server by the current view and follow the
/// redirections of the servers; a background thread, the keeper, makes the view.
///
/// Calls that no thread waits for are a RoutedCall each. They wait in a list for what threads wait for with
/// `changed_`.
class RoutedTopology : public Topology {
 public:
  [[nodiscard]] bool reads_from_replicas() const noexcept final { return read_from_replicas_; }
  [[nodiscard]] ServerChanges& changes() noexcept final { return *server_changes_; }
  /// Where a RoutedCall goes on. Fails when it would, and throws when there is no event loop.
  [[nodiscard]] Result<IEventLoop*> event_loop();

 protected:
  using Lock = std::unique_lock<std::mutex>;
  using Step = RedirectPolicy::Step;
  using View = std::shared_ptr<const ServerView>;
  enum class Room : std::uint8_t { is_made, has_to_be_there };
  /// What a call remembers that has no view.
  struct ViewSearch {
    std::uint64_t round = 0;
  };

  /// `servers`: what its servers are made with.
  RoutedTopology(bool read_from_replicas, const EndpointOptions& servers)
      : read_from_replicas_(read_from_replicas),
        server_changes_(servers.changes),
        event_loop_(servers.event_loop),
        most_waiting_(servers.channel.most_waiting) {}

  /// Starts the keeper, unless it runs. Without a thread for it, `trouble_` says so.
  void begin_work(Lock& lock);
  std::uint32_t next_turn() noexcept { return turn_.fetch_add(1, std::memory_order_relaxed); }
  /// The number of the server at this address, which stays its own.
  [[nodiscard]] std::uint16_t server_number(const ServerAddress& address, Lock& lock);
  /// From now on calls go by this view. Who listens is told when a key may have another master by it.
  void publish_view(std::shared_ptr<const ServerView> view);
  /// What callers wait for may have come, or the topology is stopped.
  void tell_callers(const Lock& lock) noexcept;
  /// Ends each RoutedCall. The topology is stopped, and so are its servers.
  void end_calls() noexcept;
  [[nodiscard]] static Error stopped_error() { return Error(ErrorCode::closed, "the cache is stopped"); }

  SnapshotPointer<ServerView> view_;
  std::atomic<bool> stopped_{false};
  mutable std::mutex mutex_;
  basics::Condition changed_;  // told by `tell_callers`
  basics::Condition work_;     // for the keeper
  basics::Thread keeper_;
  bool working_ = false;
  std::optional<Error> trouble_;

 private:
  friend class AsyncBatch;
  friend class RoutedCall;
  struct Group;
  /// A request on its way.
  struct RoutedRequest {
    const Command& command;
    const Routing& routing;
    Reply& reply;
    CallTime time;
    std::uint32_t turn;
    std::uint16_t& server;  // who has answered
  };

  Status do_execute(const Command& command, const Routing& routing, Reply& reply, CallTime time) final;
  Status execute_one(const RoutedRequest& request);
  void do_execute_all(std::span<Request> requests, CallTime time) final;

  Status do_for_each_master(const Visit& visit, CallTime time) final;
  ServerNow do_server_now(const Command& command, const Routing& routing) final;
  Masters do_masters_now() final;
  [[nodiscard]] RoutedTopology* do_routed() noexcept final { return this; }

  /// A view that can be used, or why there will be none by `limit`. Nothing when the caller has to look again once
  /// `changed_` is told, or at `limit`, which this may bring forward.
  virtual std::optional<Result<View>> look_for_view(ViewSearch& search, TimePoint& limit, Lock& lock) = 0;
  /// What an error of a server means here.
  virtual ServerHint read_hint(std::string_view error, const ServerAddress& by) = 0;
  /// The view may be out of date, as the step says of this slot. Returns what `rounds()` has to reach for a newer
  /// one; 0 when nobody has to wait for that.
  virtual std::uint64_t refresh(const Step& step, std::optional<HashSlot> slot, Lock& lock) = 0;
  [[nodiscard]] virtual std::uint64_t rounds(const Lock& lock) const noexcept = 0;
  /// The server that another one has named. To make room for it takes time.
  virtual Result<ServerNode> node_named(const ServerAddress& address, Room room) = 0;
  virtual void keep() = 0;

  [[nodiscard]] bool reads_replica(const Routing& routing) const noexcept {
    return read_from_replicas_ && routing.only_reads;
  }
  Result<View> await_view(TimePoint& now, TimePoint deadline);
  Result<View> await_new_view(TimePoint deadline);
  [[nodiscard]] RedirectPolicy policy_of(bool repeatable, const Routing& routing, CallTime time,
                                         std::uint32_t turn) const noexcept;
  Step next_step(RedirectPolicy& policy, const Status& status, const Reply& reply, const ChosenServer& asked,
                 TimePoint now);
  Status route(const RoutedRequest& request, RedirectPolicy& policy, Step step);
  std::optional<Error> prepare(const RoutedRequest& request, const Step& step);
  void route_unanswered(const Group& group, CallTime time, std::uint32_t turn);

  // For a RoutedCall.
  // Null when it is stopped. Throws when there is no event loop.
  [[nodiscard]] LoopHome* home();
  bool withdraw(Waiter& waiter) noexcept;

  const bool read_from_replicas_;
  const std::shared_ptr<ServerChanges> server_changes_;
  const std::shared_ptr<IEventLoop> event_loop_;  // null: EventLoop::shared()
  const std::size_t most_waiting_;
  std::atomic<std::uint64_t> masters_version_{0};
  std::map<ServerAddress, std::uint16_t> server_numbers_;
  std::atomic<std::uint32_t> turn_{0};

  std::shared_ptr<LoopHome> kept_home_;
  std::atomic<LoopHome*> home_{nullptr};
  WaitList waiting_;  // for what `tell_callers` tells
  KeyOrder order_;
  std::atomic<std::size_t> in_line_{0};  // calls that wait for others in it
  std::atomic<std::size_t> calls_{0};    // each a RoutedCall under way
};

}  // namespace cachesite::redis
