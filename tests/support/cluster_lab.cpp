#include "support/cluster_lab.hpp"

#include "support/wait_until.hpp"

#include <algorithm>
#include <sstream>
#include <stdexcept>

namespace cachesite::test {
namespace {

std::string cluster_info(RedisProbe& probe, const std::string& field) {
  std::istringstream lines(probe.checked({"CLUSTER", "INFO"}).text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.rfind(field + ":", 0) == 0) return line.substr(field.size() + 1);
  }
  return {};
}

}  // namespace

ClusterLab::ClusterLab(ClusterLabOptions options)
    : options_(std::move(options)), bus_ports_(options_.masters * (1 + options_.replicas_per_master)) {
  if (RedisServer::version().first < 7) throw std::runtime_error("the cluster lab needs Redis 7.0 or later");
  for (const ReservedPort& bus : bus_ports_) {
    RedisServerOptions node;
    node.password = options_.password;
    node.directives = {
        "cluster-enabled yes", "cluster-config-file nodes.conf",
        "cluster-port " + std::to_string(bus.number()), "cluster-announce-ip 127.0.0.1",
        "cluster-node-timeout " + std::to_string(options_.node_timeout.count()),
        std::string("cluster-require-full-coverage ") + (options_.require_full_coverage ? "yes" : "no"),
        "cluster-allow-replica-migration no", "cluster-replica-validity-factor 0",
        // CLUSTER SLOTS leaves out a replica until its offset is not 0: until the first such ping.
        "repl-ping-replica-period 1"};
    if (!options_.password.empty()) node.directives.push_back("masterauth \"" + options_.password + "\"");
    nodes_.push_back(std::make_unique<RedisServer>(std::move(node)));
    ids_.push_back(nodes_.back()->probe().checked({"CLUSTER", "MYID"}).text);
  }
  create();
  wait_until_ready();
}

void ClusterLab::create() {
  const auto masters = static_cast<int>(options_.masters);
  for (std::size_t index = 0; index < nodes_.size(); ++index) {
    RedisProbe probe = nodes_[index]->probe();
    probe.checked({"CLUSTER", "SET-CONFIG-EPOCH", std::to_string(index + 1)});
    const auto number = static_cast<int>(index);
    if (number < masters) {
      probe.checked({"CLUSTER", "ADDSLOTSRANGE", std::to_string(slots * number / masters),
                     std::to_string(slots * (number + 1) / masters - 1)});
    }
    // Everybody meets everybody: waiting for gossip takes seconds.
    for (std::size_t other = 0; other < index; ++other) {
      probe.checked({"CLUSTER", "MEET", "127.0.0.1", std::to_string(nodes_[other]->port()),
                     std::to_string(bus_ports_[other].number())});
    }
  }
  for (std::size_t index = options_.masters; index < nodes_.size(); ++index) {
    const std::string& master = ids_[(index - options_.masters) % options_.masters];
    RedisProbe probe = nodes_[index]->probe();
    RedisReply reply;
    if (!wait_until(
            [&] {
              return !(reply = probe.command({"CLUSTER", "REPLICATE", master})).is_error();
            },
            std::chrono::seconds(30), std::chrono::milliseconds(10)))
      throw std::runtime_error("CLUSTER REPLICATE: " + reply.text);
  }
}

std::vector<std::uint16_t> ClusterLab::ports() const {
  std::vector<std::uint16_t> result;
  for (const auto& node : nodes_)
    result.push_back(node->port());
  return result;
}

std::size_t ClusterLab::index_of_port(std::uint16_t port) const {
  const std::vector<std::uint16_t> all = ports();
  const auto found = std::find(all.begin(), all.end(), port);
  if (found == all.end()) throw std::runtime_error("no node has port " + std::to_string(port));
  return static_cast<std::size_t>(found - all.begin());
}

int ClusterLab::slot_of(const std::string& key) {
  for (const auto& node : nodes_) {
    if (node->running()) return static_cast<int>(node->probe().checked({"CLUSTER", "KEYSLOT", key}).integer);
  }
  throw std::runtime_error("no node is running");
}

std::string ClusterLab::key_in(int slot, const std::string& prefix) {
  const auto node =
      std::find_if(nodes_.begin(), nodes_.end(), [](const auto& one) { return one->running(); });
  if (node == nodes_.end()) throw std::runtime_error("no node is running");
  RedisProbe probe = (*node)->probe();
  for (int base = 0;; base += 1000) {
    std::vector<std::vector<std::string>> commands;
    for (int number = base; number < base + 1000; ++number)
      commands.push_back({"CLUSTER", "KEYSLOT", prefix + std::to_string(number)});
    const std::vector<RedisReply> replies = probe.pipeline(commands);
    for (std::size_t index = 0; index < replies.size(); ++index) {
      if (replies[index].integer == slot) return commands[index][2];
    }
  }
}

std::size_t ClusterLab::master_seen_by(std::size_t observer, int slot) {
  for (const RedisReply& range : nodes_[observer]->probe().checked({"CLUSTER", "SLOTS"}).elements) {
    if (slot < range.elements.at(0).integer || slot > range.elements.at(1).integer) continue;
    return index_of_port(static_cast<std::uint16_t>(range.elements.at(2).elements.at(1).integer));
  }
  return nodes_.size();
}

std::size_t ClusterLab::master_of(int slot) {
  std::vector<std::size_t> votes(nodes_.size() + 1);
  for (std::size_t observer = 0; observer < nodes_.size(); ++observer) {
    if (nodes_[observer]->running()) ++votes[master_seen_by(observer, slot)];
  }
  const auto most = std::max_element(votes.begin(), votes.end());
  const auto master = static_cast<std::size_t>(most - votes.begin());
  if (*most == 0 || master == nodes_.size())
    throw std::runtime_error("nobody serves slot " + std::to_string(slot));
  return master;
}

std::size_t ClusterLab::replica_of(std::size_t master) {
  for (std::size_t index = 0; index < nodes_.size(); ++index) {
    if (index == master || !nodes_[index]->running()) continue;
    RedisProbe probe = nodes_[index]->probe();
    if (probe.info("role") == "slave" && probe.info("master_port") == std::to_string(nodes_[master]->port()))
      return index;
  }
  throw std::runtime_error("node " + std::to_string(master) + " has no living replica");
}

void ClusterLab::set(const std::string& key, const std::string& value) {
  nodes_[master_of(slot_of(key))]->probe().set(key, value);
}

std::optional<std::string> ClusterLab::get(const std::string& key) {
  return nodes_[master_of(slot_of(key))]->probe().get(key);
}

void ClusterLab::begin_move(int slot, std::size_t target) {
  const std::size_t source = master_of(slot);
  if (source == target) throw std::invalid_argument("the slot is there already");
  nodes_[target]->probe().checked({"CLUSTER", "SETSLOT", std::to_string(slot), "IMPORTING", ids_[source]});
  nodes_[source]->probe().checked({"CLUSTER", "SETSLOT", std::to_string(slot), "MIGRATING", ids_[target]});
}

std::size_t ClusterLab::move_keys(int slot, std::size_t target, std::size_t most) {
  RedisProbe source = nodes_[master_of(slot)]->probe();
  const RedisReply keys =
      source.checked({"CLUSTER", "GETKEYSINSLOT", std::to_string(slot), std::to_string(most)});
  if (keys.elements.empty()) return 0;
  std::vector<std::string> migrate = {"MIGRATE", "127.0.0.1", std::to_string(nodes_[target]->port()),
                                      "",        "0",         "5000"};
  if (!options_.password.empty()) migrate.insert(migrate.end(), {"AUTH", options_.password});
  migrate.push_back("KEYS");
  for (const RedisReply& key : keys.elements)
    migrate.push_back(key.text);
  source.checked(migrate);
  return keys.elements.size();
}

void ClusterLab::finish_move(int slot, std::size_t target) {
  const std::size_t source = master_of(slot);
  const std::vector<std::string> command = {"CLUSTER", "SETSLOT", std::to_string(slot), "NODE", ids_[target]};
  // The target first: it must own the slot before the source stops to.
  nodes_[target]->probe().checked(command);
  nodes_[source]->probe().checked(command);
}

void ClusterLab::move_slot(int slot, std::size_t target) {
  begin_move(slot, target);
  while (move_keys(slot, target) > 0) {
  }
  finish_move(slot, target);
}

bool ClusterLab::wait_for_new_master(int slot, std::size_t previous, std::chrono::milliseconds limit) {
  return wait_until_answered(
      [&] {
        std::size_t found = nodes_.size();
        for (std::size_t observer = 0; observer < nodes_.size(); ++observer) {
          if (!nodes_[observer]->running() || observer == previous) continue;
          const std::size_t seen = master_seen_by(observer, slot);
          if (seen == nodes_.size() || seen == previous || (found != nodes_.size() && found != seen))
            return false;
          found = seen;
        }
        if (found == nodes_.size()) return false;
        RedisProbe probe = nodes_[found]->probe();
        return cluster_info(probe, "cluster_state") == "ok" && probe.info("role") == "master";
      },
      limit, std::chrono::milliseconds(10));
}

std::string ClusterLab::missing() {
  for (std::size_t index = 0; index < nodes_.size(); ++index) {
    if (!nodes_[index]->running()) continue;
    const std::string who = "node " + std::to_string(index);
    RedisProbe probe = nodes_[index]->probe();
    if (cluster_info(probe, "cluster_state") != "ok") return who + " sees the cluster as not ok";
    if (cluster_info(probe, "cluster_known_nodes") != std::to_string(nodes_.size()))
      return who + " does not know all nodes";
    int covered = 0;
    std::size_t replicas = 0;
    for (const RedisReply& range : probe.checked({"CLUSTER", "SLOTS"}).elements) {
      covered += static_cast<int>(range.elements.at(1).integer - range.elements.at(0).integer) + 1;
      replicas += range.elements.size() - 3;
    }
    if (covered != slots) return who + " knows " + std::to_string(covered) + " slots";
    const bool all_running =
        std::all_of(nodes_.begin(), nodes_.end(), [](const auto& one) { return one->running(); });
    if (all_running && replicas < options_.masters * options_.replicas_per_master)
      return who + " knows " + std::to_string(replicas) + " replicas";
    if (probe.info("role") == "slave" && probe.info("master_link_status") != "up")
      return who + " is not in step";
  }
  return {};
}

void ClusterLab::wait_until_ready(std::chrono::milliseconds limit) {
  std::string still;
  const bool ready =
      wait_until_answered([&] { return (still = missing()).empty(); }, limit, std::chrono::milliseconds(20));
  if (!ready) throw std::runtime_error("the cluster lab is not ready: " + still);
}

}  // namespace cachesite::test
