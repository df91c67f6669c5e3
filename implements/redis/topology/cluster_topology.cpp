#include "redis/topology/cluster_topology.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace cachesite::redis {

namespace {

constexpr std::size_t most_nodes = 1024;

std::size_t place_of(const SlotMap::Shard& shard, const SlotMap& map) noexcept {
  return static_cast<std::size_t>(&shard - map.shards().data());
}

}  // namespace

ClusterTopology::ClusterTopology(ClusterOptions options, std::string label, std::shared_ptr<ILogger> logger)
    : RoutedTopology(options.read_from_replicas),
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
  std::map<ServerAddress, Node> nodes;
  {
    const Lock lock(mutex_);
    stopped_ = true;
    nodes.swap(nodes_);
  }
  changed_.notify_all();
  work_.notify_all();
  for (const auto& [address, node] : nodes)
    node->stop();
  basics::Thread keeper;
  {
    const Lock lock(mutex_);
    keeper = std::move(keeper_);
  }
  if (keeper.joinable()) keeper.join();
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
  const auto held = view->map.slots_held();
  if (held == hash_slots) return {};
  return {HealthState::degraded,
          std::to_string(hash_slots - held) + " slots of the cluster are held by nobody"};
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

ClusterTopology::Slot ClusterTopology::slot_of(const Command& command, const Routing& routing) noexcept {
  if (routing.slot) return *routing.slot % hash_slots;
  if (routing.key_argument == 0 || routing.key_argument >= command.arguments.size()) return std::nullopt;
  return hash_slot(command.arguments[routing.key_argument]);
}

const ReplicaSet* ClusterTopology::SlotView::find(const Command& command, const Routing& routing,
                                                  std::uint32_t turn) const {
  if (const auto slot = slot_of(command, routing)) {
    const auto* const shard = map.shard_of(*slot);
    return shard == nullptr ? nullptr : &sets[place_of(*shard, map)];
  }
  for (std::size_t index = 0; index < sets.size(); ++index) {
    const auto& set = sets[(turn + index) % sets.size()];
    if (set.master->usable()) return &set;
  }
  return sets.empty() ? nullptr : &sets[turn % sets.size()];
}

Result<std::shared_ptr<const ClusterTopology::SlotView>> ClusterTopology::await_slots(TimePoint deadline) {
  Lock lock(mutex_);
  for (;;) {
    if (stopped_) return stopped_error();
    if (auto view = view_.get()) return view;
    const bool had_keeper = working_;
    begin_work(lock);
    if (trouble_ && (had_keeper || !working_) && !gate_.running()) return *trouble_;
    const auto round = gate_.running() ? gate_.rounds() + 1 : gate_.want();
    work_.notify_one();
    if (!changed_.wait_until(lock, deadline, [&] { return stopped_ || gate_.rounds() >= round; }))
      return Error(ErrorCode::timeout, "the cluster was not found in time");
  }
}

Result<RoutedTopology::View> ClusterTopology::await_view(TimePoint& now, TimePoint deadline) {
  if (auto view = view_.get()) return View(std::move(view));
  const auto awaited = await_slots(deadline);
  now = SteadyTime::now();
  return awaited.ok() ? Result<View>(View(awaited.value())) : awaited.error();
}

ServerHint ClusterTopology::heed(std::string_view error, const ServerAddress& by) {
  return ServerHint::read(error, by);
}

Result<Node> ClusterTopology::node_named(const ServerAddress& address) {
  Lock lock(mutex_);
  if (nodes_.size() >= most_nodes) drop_strangers(lock);
  if (stopped_) return stopped_error();
  return node_at(address, lock);
}

void ClusterTopology::refresh(const Step& step, const Command& command, const Routing& routing,
                              TimePoint deadline, Lock& lock) {
  if (step.move_slot && !move_slot(step, slot_of(command, routing), lock)) return;
  const bool resting = gate_.resting(SteadyTime::now());
  const auto round = want_round(lock);
  // Loading again what was just loaded shows no more: no call waits for that.
  if (step.await_refresh && !resting)
    changed_.wait_until(lock, deadline, [&] { return stopped_ || gate_.rounds() >= round; });
}

// False when the view says so already.
bool ClusterTopology::move_slot(const Step& step, Slot slot, Lock& lock) {
  const auto view = view_.get();
  if (view && slot) {
    const auto* const master = view->map.master_of(*slot);
    if (master != nullptr && *master == step.target) return false;
    SlotMap map = view->map;
    map.move(*slot, step.target);
    publish(std::move(map), lock);
    if (gate_.running()) moves_.push_back({*slot, step.target});
  }
  informed_ = step.target;
  return true;
}

std::uint64_t ClusterTopology::want_round(Lock& lock) {
  const auto round = gate_.want();
  begin_work(lock);
  work_.notify_one();
  return round;
}

Status ClusterTopology::do_for_each_master(const Visit& visit, CallTime time) {
  const auto view = await_slots(time.deadline);
  if (!view.ok()) return view.error();
  const auto& map = view.value()->map;
  const auto& sets = view.value()->sets;
  std::vector<bool> holds_slots(sets.size());
  for (std::uint16_t slot = 0; slot < hash_slots; ++slot)
    if (const auto* const shard = map.shard_of(slot)) holds_slots[place_of(*shard, map)] = true;
  for (std::size_t place = 0; place < sets.size(); ++place) {
    if (!holds_slots[place]) continue;
    auto status = visit(*sets[place].master);
    if (status.ok()) continue;
    if (status.error().code() == ErrorCode::unreachable || status.error().code() == ErrorCode::timeout) {
      Lock lock(mutex_);
      if (stopped_) return stopped_error();
      want_round(lock);
    }
    return status;
  }
  return Done{};
}

}  // namespace cachesite::redis
