#include "support/sentinel_lab.hpp"

#include "support/wait_until.hpp"

#include <algorithm>
#include <map>
#include <stdexcept>

namespace cachesite::test {
namespace {

// A flat list of names and values, as SENTINEL MASTER answers.
std::map<std::string, std::string> fields(const RedisReply& reply) {
  std::map<std::string, std::string> result;
  for (std::size_t index = 0; index + 1 < reply.elements.size(); index += 2)
    result[reply.elements[index].text] = reply.elements[index + 1].text;
  return result;
}

}  // namespace

SentinelLab::SentinelLab(SentinelLabOptions options) : options_(std::move(options)) {
  for (std::size_t index = 0; index <= options_.replicas; ++index) {
    RedisServerOptions server;
    server.password = options_.password;
    if (!options_.password.empty()) server.directives.push_back("masterauth \"" + options_.password + "\"");
    if (index > 0) server.directives.push_back("replicaof 127.0.0.1 " + std::to_string(servers_[0]->port()));
    servers_.push_back(std::make_unique<RedisServer>(std::move(server)));
  }
  // A sentinel that finds no replicas at its first look waits ten seconds before the next.
  const auto replicas_online = [&] {
    const std::string text = servers_[0]->probe().checked({"INFO", "replication"}).text;
    std::size_t online = 0;
    for (std::size_t at = text.find("state=online"); at != std::string::npos;
         at = text.find("state=online", at + 1))
      ++online;
    return online == options_.replicas;
  };
  if (!wait_until(replicas_online, std::chrono::seconds(30)))
    throw std::runtime_error("the replicas do not follow the master");
  const std::string& name = options_.service_name;
  for (std::size_t index = 0; index < options_.sentinels; ++index) {
    RedisServerOptions sentinel;
    sentinel.sentinel = true;
    sentinel.password = options_.sentinel_password;
    sentinel.directives = {
        "sentinel monitor " + name + " 127.0.0.1 " + std::to_string(servers_[0]->port()) + " " +
            std::to_string(options_.sentinels / 2 + 1),
        "sentinel down-after-milliseconds " + name + " " + std::to_string(options_.down_after.count()),
        "sentinel failover-timeout " + name + " 5000"};
    if (!options_.password.empty())
      sentinel.directives.push_back("sentinel auth-pass " + name + " \"" + options_.password + "\"");
    if (!options_.sentinel_password.empty())
      sentinel.directives.push_back("sentinel sentinel-pass \"" + options_.sentinel_password + "\"");
    sentinels_.push_back(std::make_unique<RedisServer>(std::move(sentinel)));
    if (RedisServer::version().first >= 7)
      sentinels_.back()->probe().checked(
          {"SENTINEL", "DEBUG", "INFO-PERIOD", "500", "PUBLISH-PERIOD", "500"});
  }
  wait_until_ready();
}

std::vector<std::uint16_t> SentinelLab::sentinel_ports() const {
  std::vector<std::uint16_t> ports;
  for (const auto& sentinel : sentinels_)
    ports.push_back(sentinel->port());
  return ports;
}

std::vector<std::size_t> SentinelLab::named_masters() {
  std::vector<std::size_t> named;
  for (const auto& sentinel : sentinels_) {
    if (!sentinel->running()) continue;
    const RedisReply reply =
        sentinel->probe().command({"SENTINEL", "GET-MASTER-ADDR-BY-NAME", options_.service_name});
    if (reply.elements.size() != 2) continue;
    for (std::size_t index = 0; index < servers_.size(); ++index) {
      if (reply.elements[1].text == std::to_string(servers_[index]->port())) named.push_back(index);
    }
  }
  return named;
}

std::size_t SentinelLab::master_index() {
  const std::vector<std::size_t> named = named_masters();
  if (named.empty()) throw std::runtime_error("no sentinel names a master");
  std::map<std::size_t, std::size_t> votes;
  for (const std::size_t index : named)
    ++votes[index];
  return std::max_element(votes.begin(), votes.end(),
                          [](const auto& left, const auto& right) { return left.second < right.second; })
      ->first;
}

void SentinelLab::replicate() {
  RedisProbe probe = master().probe();
  probe.set("replicated", "1");  // WAIT is about what its own connection has written, and what came before
  const auto replicas = static_cast<std::int64_t>(servers_.size() - 1);
  if (probe.checked({"WAIT", std::to_string(replicas), "10000"}).integer < replicas)
    throw std::runtime_error("replicas lag behind");
}

void SentinelLab::request_failover() {
  for (const auto& sentinel : sentinels_) {
    if (!sentinel->running()) continue;
    sentinel->probe().checked({"SENTINEL", "FAILOVER", options_.service_name});
    return;
  }
  throw std::runtime_error("no sentinel is running");
}

bool SentinelLab::wait_for_new_master(std::size_t previous, std::chrono::milliseconds limit) {
  return wait_until_answered(
      [&] {
        const std::vector<std::size_t> named = named_masters();
        if (named.empty() || named.front() == previous) return false;
        if (std::any_of(named.begin(), named.end(),
                        [&](std::size_t index) { return index != named.front(); }))
          return false;
        RedisServer& candidate = *servers_[named.front()];
        return candidate.running() && candidate.probe().info("role") == "master";
      },
      limit, std::chrono::milliseconds(10));
}

std::string SentinelLab::missing() {
  const std::size_t master = master_index();
  for (std::size_t index = 0; index < servers_.size(); ++index) {
    if (!servers_[index]->running() || index == master) continue;
    RedisProbe probe = servers_[index]->probe();
    if (probe.info("master_port") != std::to_string(servers_[master]->port()))
      return "server " + std::to_string(index) + " does not follow the master";
    if (probe.info("master_link_status") != "up")
      return "server " + std::to_string(index) + " is not in step";
  }
  const auto living =
      std::count_if(servers_.begin(), servers_.end(), [](const auto& one) { return one->running(); });
  const auto watching =
      std::count_if(sentinels_.begin(), sentinels_.end(), [](const auto& one) { return one->running(); });
  for (const auto& sentinel : sentinels_) {
    if (!sentinel->running()) continue;
    auto known = fields(sentinel->probe().checked({"SENTINEL", "MASTER", options_.service_name}));
    if (known["flags"] != "master") return "a sentinel sees the master as " + known["flags"];
    if (std::stol(known["num-slaves"]) < living - 1)
      return "a sentinel knows " + known["num-slaves"] + " replicas";
    if (std::stol(known["num-other-sentinels"]) < watching - 1)
      return "a sentinel knows " + known["num-other-sentinels"] + " others";
  }
  return {};
}

void SentinelLab::wait_until_ready(std::chrono::milliseconds limit) {
  std::string still;
  const bool ready =
      wait_until_answered([&] { return (still = missing()).empty(); }, limit, std::chrono::milliseconds(20));
  if (!ready) throw std::runtime_error("the sentinel lab is not ready: " + still);
}

}  // namespace cachesite::test
