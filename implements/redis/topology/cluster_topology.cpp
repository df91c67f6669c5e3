#include "redis/topology/cluster_topology.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace cachesite::redis {

namespace {

constexpr std::size_t most_nodes = 1024;

}  // namespace

ClusterTopology::ClusterTopology(ClusterOptions options, std::string label, std::shared_ptr<ILogger> logger)
    : RoutedTopology(options.read_from_replicas, options.endpoint),
      options_(std::move(options)),
      label_(std::move(label)),
      logger_(std::move(logger)) {}

ClusterTopology::~ClusterTopology() {
  stop();
}

void ClusterTopology::do_start() {
  Lock lock(mutex_);
  if (stopped_ || gate_.running() || gate_.rounds() != 0) return;
  gate_.want();
  begin_work(lock);
}

void ClusterTopology::do_await_started() {
  {
    Lock lock(mutex_);
    if (!working_) return;
    changed_.wait(lock, [&] { return stopped_ || gate_.rounds() != 0; });
  }
  const auto view = view_.get();
  if (!view) return;
  for (const auto& set : view->sets)
    set.master->await_started();
}

void ClusterTopology::do_stop() noexcept {
  // Taken out for a while, since a copy would need memory; nobody adds one once it is stopped.
  std::map<ServerAddress, ServerNode> nodes;
  {
    const Lock lock(mutex_);
    stopped_ = true;
    nodes.swap(nodes_);
    tell_callers(lock);
    work_.notify_all();
  }
  for (const auto& [address, node] : nodes)
    node->stop();
  basics::Thread keeper;
  {
    const Lock lock(mutex_);
    keeper = std::move(keeper_);
  }
  if (keeper.joinable()) keeper.join();
  end_calls();
  const Lock lock(mutex_);
  nodes_.merge(nodes);
}

Health ClusterTopology::do_health() const {
  if (stopped_) return {HealthState::down, "stopped"};
  const auto view = view_.get();
  if (!view) {
    const Lock lock(mutex_);
    return {HealthState::down,
            trouble_ ? std::string(trouble_->message()) : "not connected to the cluster yet"};
  }
  std::size_t masters = 0;
  std::string reason;
  for (const auto& set : view->sets) {
    auto health = set.master->health();
    if (health.state == HealthState::up)
      ++masters;
    else if (reason.empty())
      reason = std::move(health.reason);
  }
  if (masters == 0) return {HealthState::down, reason};
  if (!reason.empty()) return {HealthState::degraded, reason};
  const auto held = view->slots->slots_held();
  if (held == hash_slots) return {};
  return {HealthState::degraded, std::to_string(hash_slots - held) + " slots of the cluster have no server"};
}

std::vector<RedisEndpointStatistics> ClusterTopology::do_statistics() const {
  std::vector<RedisEndpointStatistics> all;
  const Lock lock(mutex_);
  all.reserve(nodes_.size());
  for (const auto& [address, node] : nodes_)
    all.push_back(node->statistics());
  return all;
}

std::uint64_t ClusterTopology::refreshes() const {
  const Lock lock(mutex_);
  return asked_;
}

std::optional<Result<RoutedTopology::View>> ClusterTopology::look_for_view(ViewSearch& search,
                                                                           TimePoint& limit, Lock& lock) {
  if (stopped_) return stopped_error();
  if (auto view = view_.get()) return view;
  if (search.round == 0 || gate_.rounds() >= search.round) {
    const bool had_keeper = working_;
    begin_work(lock);
    if (trouble_ && (had_keeper || !working_) && !gate_.running()) return *trouble_;
    search.round = gate_.running() ? gate_.rounds() + 1 : gate_.want();
    work_.notify_one();
  }
  if (SteadyTime::now() < limit) return std::nullopt;
  return Error(ErrorCode::timeout, "the cluster was not found in time");
}

ServerHint ClusterTopology::read_hint(std::string_view error, const ServerAddress& by) {
  return ServerHint::read(error, by);
}

Result<ServerNode> ClusterTopology::node_named(const ServerAddress& address, Room room) {
  Lock lock(mutex_);
  if (nodes_.size() >= most_nodes) {
    if (room == Room::has_to_be_there)
      return Error(ErrorCode::unreachable, "the cluster has named too many servers");
    drop_strangers(lock);
  }
  if (stopped_) return stopped_error();
  return node_at(address, lock);
}

std::uint64_t ClusterTopology::refresh(const Step& step, std::optional<HashSlot> slot, Lock& lock) {
  if (step.move_slot && !move_slot(slot, step.target, lock)) return 0;
  const bool resting = gate_.resting(SteadyTime::now());
  const auto round = gate_.want();
  begin_work(lock);
  work_.notify_one();
  // Loading again what was just loaded shows no more: no call waits for that.
  return step.await_refresh && !resting ? round : 0;
}

// False when the view says so already.
bool ClusterTopology::move_slot(std::optional<HashSlot> slot, const ServerAddress& master, Lock& lock) {
  if (const auto view = view_.get(); view && slot) {
    const auto* const known = view->slots->master_of(*slot);
    if (known != nullptr && *known == master) return false;
    SlotMap slots = *view->slots;
    slots.move(*slot, master);
    publish(std::move(slots), lock);
    if (gate_.running()) moves_.push_back({*slot, master});
  }
  informed_ = master;
  return true;
}

}  // namespace cachesite::redis
