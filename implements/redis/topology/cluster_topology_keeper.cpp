// The part of a cluster topology that follows the cluster: which servers there are, and who holds what.

#include "redis/topology/cluster_topology.hpp"
#include "redis/wire/server_text.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

namespace cachesite::redis {

ServerNode ClusterTopology::node_at(const ServerAddress& address, Lock& lock) {
  const auto found = nodes_.find(address);
  if (found != nodes_.end()) return found->second;
  EndpointOptions options = options_.endpoint;
  options.connector.address = address;
  options.number = server_number(address, lock);
  options.connector.login.reads_from_replica = options_.read_from_replicas;
  auto node = basics::make_process_bound<Endpoint>(std::move(options), label_, logger_);
  nodes_.emplace(address, node);
  return node;
}

void ClusterTopology::publish(SlotMap map, Lock& lock) {
  auto view = std::make_shared<ServerView>();
  for (const auto& shard : map.shards()) {
    auto& set = view->sets.emplace_back();
    set.master = node_at(map.servers()[shard.master], lock);
    set.master->start();
    for (const auto replica : shard.replicas)
      set.replicas.push_back(node_at(map.servers()[replica], lock));
  }
  view->slots.emplace(std::move(map));
  publish_view(std::move(view));
}

std::string ClusterTopology::slot_tag_of(const Endpoint& master) {
  constexpr int most_tries = 100'000;
  const auto view = view_.get();
  for (int number = 0; view && number < most_tries; ++number) {
    auto tag = std::to_string(number);
    const auto* const holder = view->slots->master_of(hash_slot({tag}));
    if (holder != nullptr && *holder == master.address()) return tag;
  }
  return "0";
}

// Servers that the map does not name any more. Their connections end, and with them what still runs there.
void ClusterTopology::drop_strangers(Lock& lock) {
  const auto view = view_.get();
  if (!view) return;
  std::vector<ServerNode> strangers;
  strangers.reserve(nodes_.size());
  const auto& servers = view->slots->servers();
  for (auto at = nodes_.begin(); at != nodes_.end();) {
    if (std::find(servers.begin(), servers.end(), at->first) == servers.end()) {
      strangers.push_back(std::move(at->second));
      at = nodes_.erase(at);
    } else {
      ++at;
    }
  }
  lock.unlock();
  for (const auto& stranger : strangers)
    stranger->retire();
  lock.lock();
}

void ClusterTopology::keep() {
  basics::BackOff pauses(options_.endpoint.first_pause, options_.endpoint.longest_pause,
                         reinterpret_cast<std::uintptr_t>(this));
  Lock lock(mutex_);
  TimePoint not_before = TimePoint::min();
  while (!stopped_) {
    const auto due = gate_.due();
    if (!due) {
      work_.wait(lock);
      continue;
    }
    const auto when = std::max(*due, not_before);
    if (SteadyTime::now() < when) {
      work_.wait_until(lock, when);
      continue;
    }
    gate_.begin(SteadyTime::now());
    moves_.clear();
    bool success = false;
    try {
      success = make_view(lock);
    } catch (const std::exception&) {
      if (!lock.owns_lock()) lock.lock();
      trouble_.emplace(ErrorCode::no_memory, "no memory for the map of the cluster");
    }
    gate_.end(success);
    not_before = success ? TimePoint::min() : SteadyTime::now() + pauses.next();
    if (success) pauses.reset();
    tell_callers(lock);
  }
}

bool ClusterTopology::make_view(Lock& lock) {
  const auto limit = std::min(options_.endpoint.connector.connect_timeout, std::chrono::milliseconds(500));
  const std::array<Argument, 2> words{{{"CLUSTER"}, {"SLOTS"}}};
  const Command question{words, static_cast<ReplyKinds>(ReplyKind::array), true};
  std::optional<Error> trouble;
  for (const auto& address : whom_to_ask(lock)) {
    if (stopped_) return false;
    const ServerNode node = node_at(address, lock);
    ++asked_;
    lock.unlock();
    Reply reply;
    const Status status = node->call(question, reply, CallTime::from_now(limit));
    lock.lock();
    if (stopped_) return false;
    if (!status.ok()) {
      trouble = status.error();
      continue;
    }
    auto map = SlotMap::read(reply, address);
    if (!map) {
      trouble.emplace(ErrorCode::refused,
                      address.text() + (reply.kind == ReplyKind::error
                                            ? ": " + readable_server_error(reply.text())
                                            : std::string(" does not know the slots of the cluster")));
      continue;
    }
    for (const auto& move : moves_)
      map->move(move.slot, move.master);
    publish(std::move(*map), lock);
    trouble_.reset();
    drop_strangers(lock);
    return true;
  }
  trouble_ = trouble;
  return false;
}

// Who knows best first: who told us about a change, then masters that can be used, then everybody.
std::vector<ServerAddress> ClusterTopology::whom_to_ask(Lock&) {
  std::vector<ServerAddress> best;
  std::vector<ServerAddress> rest;
  const auto view = view_.get();
  if (view) {
    const auto& sets = view->sets;
    const auto first = next_turn();
    for (std::size_t index = 0; index < sets.size(); ++index) {
      const auto& master = *sets[(first + index) % sets.size()].master;
      (master.usable() ? best : rest).push_back(master.address());
    }
    for (const auto& server : view->slots->servers())
      rest.push_back(server);
  }
  if (informed_) best.insert(best.begin(), *std::exchange(informed_, std::nullopt));
  best.insert(best.end(), rest.begin(), rest.end());
  best.insert(best.end(), options_.startup_nodes.begin(), options_.startup_nodes.end());
  std::vector<ServerAddress> all;
  for (const auto& server : best)
    if (std::find(all.begin(), all.end(), server) == all.end()) all.push_back(server);
  return all;
}

}  // namespace cachesite::redis
