#include "redis/topology/cluster_topology.hpp"

#include "redis/topology/server_share.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace cachesite::redis {

namespace {

constexpr std::size_t most_nodes = 1024;

using Go = RequestCourse::Step::Go;

}  // namespace

ClusterTopology::ClusterTopology(ClusterOptions options, std::string label, std::shared_ptr<ILogger> logger)
    : options_(std::move(options)), label_(std::move(label)), logger_(std::move(logger)) {}

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
  for (const auto& shard : view->map.shards())
    view->nodes[shard.master]->await_started();
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
  for (const auto& shard : view->map.shards()) {
    auto health = view->nodes[shard.master]->health();
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

ClusterTopology::Choice ClusterTopology::choose(const View& view, Slot slot, bool replica) const {
  const SlotMap::Shard* shard = nullptr;
  if (slot) {
    shard = view.map.shard_of(*slot);
  } else {
    const auto& shards = view.map.shards();
    const auto first = turn_.fetch_add(1, std::memory_order_relaxed);
    for (std::size_t index = 0; index < shards.size(); ++index) {
      shard = &shards[(first + index) % shards.size()];
      if (view.nodes[shard->master]->usable()) break;
    }
  }
  if (shard == nullptr) return {};
  if (replica && !shard->replicas.empty()) {
    const auto first = turn_.fetch_add(1, std::memory_order_relaxed);
    for (std::size_t index = 0; index < shard->replicas.size(); ++index) {
      const auto& node = view.nodes[shard->replicas[(first + index) % shard->replicas.size()]];
      if (node->usable()) return {node, true};
    }
  }
  return {view.nodes[shard->master], false};
}

Result<std::shared_ptr<const ClusterTopology::View>> ClusterTopology::await_view(CallTime time) {
  Lock lock(mutex_);
  for (;;) {
    if (stopped_) return stopped_error();
    if (auto view = view_.get()) return view;
    const bool had_keeper = working_;
    begin_work(lock);
    if (trouble_ && (had_keeper || !working_) && !gate_.running()) return *trouble_;
    const auto round = gate_.running() ? gate_.rounds() + 1 : gate_.want();
    work_.notify_one();
    if (!changed_.wait_until(lock, time.deadline, [&] { return stopped_ || gate_.rounds() >= round; }))
      return Error(ErrorCode::timeout, "the cluster was not found in time");
  }
}

RequestCourse ClusterTopology::course_of(const Command& command, const Routing& routing, CallTime time) {
  return RequestCourse(command.repeatable, options_.read_from_replicas && routing.only_reads, time,
                       turn_.fetch_add(1, std::memory_order_relaxed) * 0x9E3779B97F4A7C15ULL);
}

Status ClusterTopology::do_execute(const Command& command, const Routing& routing, Reply& reply,
                                   CallTime time) {
  RequestCourse course = course_of(command, routing, time);
  return travel(course, {.go = Go::by_map}, command, slot_of(command, routing), reply, time);
}

RequestCourse::Step ClusterTopology::judge(RequestCourse& course, const Status& status, const Reply& reply,
                                           const Choice& asked, TimePoint now) const {
  if (!status.ok()) return course.failed(status.error(), asked.node->address(), asked.replica, now);
  if (reply.kind != ReplyKind::error) return {};
  return course.answered(ServerHint::read(reply.text(), asked.node->address()), asked.node->address(),
                         asked.replica, now);
}

Status ClusterTopology::travel(RequestCourse& course, RequestCourse::Step step, const Command& command,
                               Slot slot, Reply& reply, CallTime time) {
  bool refreshed = false;
  auto now = time.begin;
  for (;;) {
    if (auto error = prepare(step, slot, refreshed, time)) return *error;
    if (step.pause.count() != 0 || step.await_refresh) now = SteadyTime::now();
    Choice choice;
    if (step.go == Go::by_map) {
      auto view = view_.get();
      if (!view) {
        auto awaited = await_view(time);
        if (!awaited.ok()) return awaited.error();
        view = awaited.value();
        now = SteadyTime::now();
      }
      choice = choose(*view, slot, course.try_replica());
      if (!choice.node) {
        step = course.nowhere(refreshed, now);
        continue;
      }
      if (!course.acceptable(choice.node->address())) return course.failure();
    } else {
      Lock lock(mutex_);
      if (nodes_.size() >= most_nodes) drop_strangers(lock);
      if (stopped_) return stopped_error();
      choice.node = node_at(step.target, lock);
    }
    Status status = Done{};
    if (step.go == Go::asking) {
      const std::array<Argument, 1> word{{{"ASKING"}}};
      const std::array<Command, 2> commands{
          {{word, static_cast<ReplyKinds>(ReplyKind::status), true}, command}};
      Reply confirmation;
      const std::array<Reply*, 2> replies{&confirmation, &reply};
      status = choice.node->call(commands, replies, {now, time.deadline});
    } else {
      status = choice.node->call(command, reply, {now, time.deadline});
    }
    if (status.ok() && reply.kind != ReplyKind::error) return status;
    now = SteadyTime::now();
    step = judge(course, status, reply, choice, now);
    if (step.go == Go::finish && !step.error) return status;
  }
}

// What a step asks for before the next attempt. An error ends the request.
std::optional<Error> ClusterTopology::prepare(const RequestCourse::Step& step, Slot slot, bool& refreshed,
                                              CallTime time) {
  refreshed = step.await_refresh;
  if (step.want_refresh || step.pause.count() != 0) {
    Lock lock(mutex_);
    bool news = step.want_refresh;
    if (step.move_slot && slot) {
      const auto view = view_.get();
      const auto* const master = view ? view->map.master_of(*slot) : nullptr;
      news = master == nullptr || *master != step.target;
      if (view && news) {
        SlotMap map = view->map;
        map.move(*slot, step.target);
        publish(std::move(map), lock);
        if (gate_.running()) moves_.push_back({*slot, step.target});
      }
    }
    if (news && !stopped_) {
      const bool resting = gate_.resting(SteadyTime::now());
      if (step.move_slot) informed_ = step.target;
      const auto round = gate_.want();
      begin_work(lock);
      work_.notify_one();
      // Loading again what was just loaded shows no more: no call waits for that.
      if (step.await_refresh && !resting)
        changed_.wait_until(lock, time.deadline, [&] { return stopped_ || gate_.rounds() >= round; });
    }
    if (step.go != Go::finish && step.pause.count() != 0 && !refreshed)
      changed_.wait_until(lock, SteadyTime::now() + step.pause, [&] { return stopped_.load(); });
    if (stopped_) return stopped_error();
  }
  return step.go == Go::finish ? step.error : std::nullopt;
}

void ClusterTopology::do_execute_all(std::span<Request> requests, CallTime time) {
  auto view = view_.get();
  if (!view) {
    auto awaited = await_view(time);
    if (!awaited.ok()) {
      for (auto& request : requests)
        request.status = awaited.error();
      return;
    }
    view = awaited.value();
  }
  struct Group {
    Choice choice;
    ServerShare share;
  };
  std::map<Endpoint*, Group> groups;
  std::vector<Request*> lost;
  for (auto& request : requests) {
    auto choice = choose(*view, slot_of(request.command, request.routing),
                         options_.read_from_replicas && request.routing.only_reads);
    if (!choice.node) {
      lost.push_back(&request);
      continue;
    }
    auto& group = groups[choice.node.get()];
    group.choice = std::move(choice);
    group.share.add(request);
  }
  for (auto& [endpoint, group] : groups)
    group.share.send(*endpoint);
  std::size_t place = 0;
  for (auto& [endpoint, group] : groups)
    group.share.collect(*endpoint, {time.begin, ServerShare::deadline(time, place++, groups.size())});
  for (auto& [endpoint, group] : groups) {
    for (Request* const request : group.share.requests()) {
      if (request->status.ok() && request->reply.kind != ReplyKind::error) continue;
      RequestCourse course = course_of(request->command, request->routing, time);
      const auto step = judge(course, request->status, request->reply, group.choice, SteadyTime::now());
      if (step.go == Go::finish && !step.error) continue;
      request->status = travel(course, step, request->command, slot_of(request->command, request->routing),
                               request->reply, time);
    }
  }
  for (Request* const request : lost)
    request->status = execute(request->command, request->routing, request->reply, time);
}

Status ClusterTopology::do_for_each_master(const Visit& visit, CallTime time) {
  const auto view = await_view(time);
  if (!view.ok()) return view.error();
  const auto& map = view.value()->map;
  std::vector<bool> holds_slots(view.value()->nodes.size());
  for (std::uint16_t slot = 0; slot < hash_slots; ++slot)
    if (const auto* const shard = map.shard_of(slot)) holds_slots[shard->master] = true;
  for (std::size_t place = 0; place < holds_slots.size(); ++place) {
    if (!holds_slots[place]) continue;
    auto status = visit(*view.value()->nodes[place]);
    if (status.ok()) continue;
    if (status.error().code() == ErrorCode::unreachable || status.error().code() == ErrorCode::timeout) {
      Lock lock(mutex_);
      if (stopped_) return stopped_error();
      gate_.want();
      begin_work(lock);
      work_.notify_one();
    }
    return status;
  }
  return Done{};
}

}  // namespace cachesite::redis
