#include "redis/topology/routed_topology.hpp"

#include "basics/background_thread.hpp"
#include "redis/topology/server_batch.hpp"

#include <cachesite/event_loop.hpp>

#include <array>
#include <exception>
#include <map>
#include <utility>

namespace cachesite::redis {

namespace {

using Next = RedirectPolicy::Step::Next;

Status ask(const RedirectPolicy::Step& step, Endpoint& server, const Command& command, Reply& reply,
           CallTime time) {
  if (step.next != Next::asking) return server.call(command, reply, time);
  const std::array<Argument, 1> word{{{"ASKING"}}};
  const std::array<Command, 2> commands{{{word, static_cast<ReplyKinds>(ReplyKind::status), true}, command}};
  Reply confirmation;
  const std::array<Reply*, 2> replies{&confirmation, &reply};
  return server.call(commands, replies, time);
}

std::optional<HashSlot> slot_of(const Command& command, const Routing& routing) noexcept {
  if (routing.slot) return *routing.slot % hash_slots;
  if (routing.key_argument == 0 || routing.key_argument >= command.arguments.size()) return std::nullopt;
  return hash_slot(command.arguments[routing.key_argument]);
}

bool is_answered(const Status& status, const Reply& reply) noexcept {
  return status.ok() && reply.kind != ReplyKind::error;
}

}  // namespace

ChosenServer ReplicaSet::choose(bool try_replica, std::uint32_t turn) const {
  for (std::size_t index = 0; try_replica && index < replicas.size(); ++index) {
    const auto& node = replicas[(turn + index) % replicas.size()];
    if (node->usable()) return {node, true};
  }
  return {master, false};
}

const ReplicaSet* ServerView::find(const Command& command, const Routing& routing, std::uint32_t turn) const {
  if (const auto slot = slots ? slot_of(command, routing) : std::nullopt) {
    const auto* const shard = slots->shard_of(*slot);
    return shard == nullptr ? nullptr : &sets[static_cast<std::size_t>(shard - slots->shards().data())];
  }
  for (std::size_t index = 0; index < sets.size(); ++index) {
    const auto& set = sets[(turn + index) % sets.size()];
    if (set.master->usable()) return &set;
  }
  return &sets[turn % sets.size()];
}

bool ServerView::has_masters_of(const ServerView& other) const {
  return usable() == other.usable() && (!usable() || masters() == other.masters()) &&
         slots.has_value() == other.slots.has_value() && (!slots || slots->has_masters_of(*other.slots));
}

std::vector<ServerNode> ServerView::masters() const {
  if (!slots) return {sets.front().master};
  std::vector<ServerNode> masters;
  for (std::size_t place = 0; place < sets.size(); ++place)
    if (slots->holds_slots(place)) masters.push_back(sets[place].master);
  return masters;
}

void RoutedTopology::begin_work(Lock&) {
  if (working_ || stopped_) return;
  try {
    keeper_ = basics::background_thread([this] { keep(); });
    working_ = true;
    trouble_.reset();
  } catch (const std::exception&) {
    trouble_.emplace(ErrorCode::unreachable, "no thread could be started to follow the servers");
  }
}

Result<RoutedTopology::View> RoutedTopology::await_view(TimePoint& now, TimePoint deadline) {
  if (auto view = view_.get(); view && view->usable()) return view;
  auto awaited = await_new_view(deadline);
  now = SteadyTime::now();
  return awaited;
}

Result<RoutedTopology::View> RoutedTopology::await_new_view(TimePoint deadline) {
  Lock lock(mutex_);
  for (ViewSearch search;;) {
    TimePoint limit = deadline;
    if (auto found = look_for_view(search, limit, lock)) return *std::move(found);
    changed_.wait_until(lock, limit);
  }
}

RedirectPolicy RoutedTopology::policy_of(bool repeatable, const Routing& routing, CallTime time,
                                         std::uint32_t turn) const noexcept {
  return RedirectPolicy(repeatable, reads_replica(routing), time, turn * 0x9E3779B97F4A7C15ULL);
}

Status RoutedTopology::do_execute(const Command& command, const Routing& routing, Reply& reply,
                                  CallTime time) {
  auto server = Endpoint::no_number;
  return execute_one({command, routing, reply, time, next_turn(), server});
}

Status RoutedTopology::execute_one(const RoutedRequest& request) {
  RedirectPolicy policy = policy_of(request.command.repeatable, request.routing, request.time, request.turn);
  return route(request, policy, {.next = Next::by_map});
}

RedirectPolicy::Step RoutedTopology::next_step(RedirectPolicy& policy, const Status& status,
                                               const Reply& reply, const ChosenServer& asked, TimePoint now) {
  const auto& address = asked.node->address();
  if (!status.ok()) return policy.failed(status.error(), address, asked.replica, now);
  return policy.answered(read_hint(reply.text(), address), address, asked.replica, now);
}

Status RoutedTopology::route(const RoutedRequest& request, RedirectPolicy& policy, Step step) {
  auto now = request.time.begin;
  for (;;) {
    if (auto error = prepare(request, step)) return *error;
    if (step.want_refresh || step.pause.count() != 0) now = SteadyTime::now();
    ChosenServer server;
    if (step.next == Next::by_map) {
      const auto view = await_view(now, request.time.deadline);
      if (!view.ok()) return view.error();
      const auto* const servers = view.value()->find(request.command, request.routing, request.turn);
      if (servers == nullptr) {
        step = policy.nowhere(step.await_refresh, now);
        continue;
      }
      server = servers->choose(policy.try_replica(), request.turn);
      if (!policy.acceptable(server.node->address())) return policy.failure();
    } else {
      const auto node = node_named(step.target, Room::is_made);
      if (!node.ok()) return node.error();
      server.node = node.value();
    }
    request.server = server.node->number();
    const Status status =
        ask(step, *server.node, request.command, request.reply, {now, request.time.deadline});
    // Who answers is not who holds the key by the view.
    if (step.next != Next::by_map) server_changes_->servers_changed();
    if (is_answered(status, request.reply)) return status;
    now = SteadyTime::now();
    step = next_step(policy, status, request.reply, server, now);
    if (step.next == Next::finish && !step.error) return status;
  }
}

// What a step asks for before the next attempt. An error ends the request.
std::optional<Error> RoutedTopology::prepare(const RoutedRequest& request, const Step& step) {
  if (step.want_refresh || step.pause.count() != 0) {
    Lock lock(mutex_);
    if (step.want_refresh && !stopped_) {
      const auto round = refresh(step, slot_of(request.command, request.routing), lock);
      changed_.wait_until(lock, request.time.deadline, [&] { return stopped_ || rounds(lock) >= round; });
    }
    if (step.next == Next::finish) return step.error;
    if (step.pause.count() != 0 && !step.await_refresh)
      changed_.wait_until(lock, SteadyTime::now() + step.pause, [&] { return stopped_.load(); });
    if (stopped_) return stopped_error();
  }
  return step.next == Next::finish ? step.error : std::nullopt;
}

/// The requests of a call that go to one server.
struct RoutedTopology::Group {
  ChosenServer server;
  ServerBatch batch;
};

void RoutedTopology::do_execute_all(std::span<Request> requests, CallTime time) {
  auto now = time.begin;
  const auto view = await_view(now, time.deadline);
  if (!view.ok()) {
    for (auto& request : requests)
      request.status = view.error();
    return;
  }
  std::map<Endpoint*, Group> groups;
  std::vector<Request*> homeless;
  const auto turn = next_turn();
  for (auto& request : requests) {
    const auto* const servers = view.value()->find(request.command, request.routing, turn);
    if (servers == nullptr) {
      homeless.push_back(&request);
      continue;
    }
    auto server = servers->choose(reads_replica(request.routing), turn);
    auto& group = groups[server.node.get()];
    group.server = std::move(server);
    group.batch.add(request);
  }
  for (auto& [endpoint, group] : groups)
    group.batch.send(*endpoint);
  std::size_t place = 0;
  for (auto& [endpoint, group] : groups)
    group.batch.collect(*endpoint, {now, ServerBatch::deadline(time, place++, groups.size())});
  for (const auto& [endpoint, group] : groups)
    route_unanswered(group, time, turn);
  for (Request* const request : homeless)
    request->status =
        execute_one({request->command, request->routing, request->reply, time, next_turn(), request->server});
}

void RoutedTopology::route_unanswered(const Group& group, CallTime time, std::uint32_t turn) {
  for (Request* const request : group.batch.requests()) {
    if (is_answered(request->status, request->reply)) continue;
    const RoutedRequest routed{request->command, request->routing, request->reply, time, turn,
                               request->server};
    RedirectPolicy policy = policy_of(request->command.repeatable, request->routing, time, turn);
    const auto step = next_step(policy, request->status, request->reply, group.server, SteadyTime::now());
    if (step.next != Next::finish || step.error) request->status = route(routed, policy, step);
  }
}

Status RoutedTopology::do_for_each_master(const Visit& visit, CallTime time) {
  const auto view = await_view(time.begin, time.deadline);
  if (!view.ok()) return view.error();
  for (const auto& master : view.value()->masters()) {
    auto status = visit(*master);
    if (status.ok()) continue;
    if (status.error().code() == ErrorCode::unreachable || status.error().code() == ErrorCode::timeout) {
      Lock lock(mutex_);
      if (stopped_) return stopped_error().with(status.error().outcome());
      refresh({.want_refresh = true}, std::nullopt, lock);
    }
    return status;
  }
  return Done{};
}

Topology::ServerNow RoutedTopology::do_server_now(const Command& command, const Routing& routing) {
  const auto view = view_.get();
  if (!view || !view->usable() || stopped_) return {};
  const auto turn = next_turn();
  const auto* const servers = view->find(command, routing, turn);
  if (servers == nullptr) return {};
  auto chosen = servers->choose(reads_replica(routing), turn);
  if (!chosen.node->usable()) return {};
  Endpoint* const endpoint = chosen.node.get();
  return {endpoint, std::move(chosen.node)};
}

Topology::Masters RoutedTopology::do_masters_now() {
  Masters all{masters_version_.load(), {}};
  const auto view = view_.get();
  if (!view || !view->usable() || stopped_) return all;
  for (auto& master : view->masters()) {
    Endpoint* const endpoint = master.get();
    all.servers.push_back({endpoint, std::move(master)});
  }
  return all;
}

std::uint16_t RoutedTopology::server_number(const ServerAddress& address, Lock&) {
  const auto known = server_numbers_.find(address);
  if (known != server_numbers_.end()) return known->second;
  if (server_numbers_.size() >= ServerChanges::most_servers) return Endpoint::no_number;
  const auto number = static_cast<std::uint16_t>(server_numbers_.size());
  server_numbers_.emplace(address, number);
  return number;
}

void RoutedTopology::publish_view(std::shared_ptr<const ServerView> view) {
  const auto before = view_.get();
  const bool changes = !before || !before->has_masters_of(*view);
  view_.put(std::move(view));
  if (!changes) return;
  masters_version_.fetch_add(1);
  server_changes_->servers_changed();
}

void RoutedTopology::tell_callers(const Lock&) noexcept {
  changed_.notify_all();
  if (!waiting_.empty()) kept_home_->deliver(waiting_.release_all());
}

LoopHome* RoutedTopology::home() {
  if (LoopHome* const home = home_.load(std::memory_order_acquire)) return home;
  auto loop = event_loop_ != nullptr ? event_loop_ : EventLoop::shared();
  const Lock lock(mutex_);
  if (kept_home_ == nullptr && !stopped_) {
    kept_home_ = LoopHome::make(std::move(loop));
    home_.store(kept_home_.get(), std::memory_order_release);
  }
  return kept_home_.get();
}

Result<IEventLoop*> RoutedTopology::event_loop() {
  LoopHome* const made = home();
  if (made == nullptr) return stopped_error();
  return &made->loop();
}

bool RoutedTopology::withdraw(Waiter& waiter) noexcept {
  const Lock lock(mutex_);
  return waiting_.withdraw(waiter);
}

// All that wait have been told, or are in a list of the home.
void RoutedTopology::end_calls() noexcept {
  if (LoopHome* const home = home_.load()) home->leave_after(calls_);
}

}  // namespace cachesite::redis
