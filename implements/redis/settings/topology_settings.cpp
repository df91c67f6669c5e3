#include "redis/settings/topology_settings.hpp"

#include "basics/number_text.hpp"
#include "basics/this_machine.hpp"
#include "redis/settings/endpoint_settings.hpp"
#include "redis/topology/cluster_topology.hpp"
#include "redis/topology/sentinel_topology.hpp"
#include "redis/topology/single_topology.hpp"

#include <algorithm>
#include <utility>

namespace cachesite::redis {

namespace {

constexpr std::uint16_t redis_port = 6379;
constexpr std::uint16_t sentinel_port = 26379;

std::vector<ServerAddress> read_addresses(const std::vector<std::string>& texts, std::uint16_t default_port) {
  std::vector<ServerAddress> addresses;
  for (const auto& text : texts)
    if (auto address = read_address(text, default_port)) addresses.push_back(std::move(*address));
  return addresses;
}

void check_addresses(std::string_view parameter, const std::vector<std::string>& texts,
                     std::vector<OptionComplaint>& complaints) {
  for (const auto& text : texts)
    if (!read_address(text, 1))
      complaints.push_back(
          {std::string(parameter), "each server is given as host:port, with a port from 1 to 65535"});
}

}  // namespace

std::optional<ServerAddress> read_address(std::string_view text, std::uint16_t default_port) {
  std::string_view host = text;
  std::string_view port;
  bool has_port = false;
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    host = text.substr(1, close - 1);
    const auto rest = text.substr(close + 1);
    if (!rest.empty() && rest.front() != ':') return std::nullopt;
    has_port = !rest.empty();
    if (has_port) port = rest.substr(1);
  } else if (const auto colon = text.rfind(':'); colon != std::string_view::npos && text.find(':') == colon) {
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
    has_port = true;
  }
  if (host.empty()) return std::nullopt;
  for (const char character : host)
    if (character <= ' ' || character > '~' || character == '/' || character == '@') return std::nullopt;
  const auto number = has_port ? basics::read_port(port) : default_port;
  if (!number) return std::nullopt;
  return ServerAddress{std::string(host), *number, {}};
}

std::shared_ptr<Topology> make_topology(const RedisConnectionOptions& given, std::size_t largest_bulk,
                                        const std::string& label, const std::shared_ptr<ILogger>& logger) {
  const RedisConnectionOptions options = given.resolved();
  auto endpoint = endpoint_settings(options, largest_bulk);
  if (!options.startup_nodes.empty())
    return basics::make_process_bound<ClusterTopology>(
        ClusterOptions{std::move(endpoint), read_addresses(options.startup_nodes, redis_port),
                       options.read_from_replicas},
        label, logger);
  if (!options.sentinels.empty()) {
    SentinelOptions sentinel;
    sentinel.watcher = endpoint.connector;
    auto& login = sentinel.watcher.login;
    login = {};
    login.username = options.sentinel_username.value_or("");
    if (options.sentinel_password) login.password = *options.sentinel_password;
    login.client_name = options.client_name.value_or("");
    sentinel.endpoint = std::move(endpoint);
    sentinel.sentinels = read_addresses(options.sentinels, sentinel_port);
    sentinel.service_name = options.service_name.value_or("");
    sentinel.read_from_replicas = options.read_from_replicas;
    return basics::make_process_bound<SentinelTopology>(std::move(sentinel), label, logger);
  }
  return basics::make_process_bound<SingleTopology>(std::move(endpoint), label, logger);
}

void check_topology(const RedisConnectionOptions& options, std::vector<OptionComplaint>& complaints) {
  const bool sentinel = !options.sentinels.empty();
  const bool cluster = !options.startup_nodes.empty();
  const RedisConnectionOptions defaults;
  check_addresses("sentinels", options.sentinels, complaints);
  check_addresses("startup_nodes", options.startup_nodes, complaints);
  if (sentinel && cluster)
    complaints.push_back(
        {"startup_nodes", "either sentinels or startup_nodes: a cluster needs no sentinels"});
  if (sentinel && !has_text(options.service_name))
    complaints.push_back(
        {"sentinels", "sentinels need a service_name: the name of the master that they watch"});
  if (!sentinel) {
    const auto without_effect = [&](std::string_view parameter, bool given) {
      if (given)
        complaints.push_back({std::string(parameter),
                              std::string(parameter) + " is for sentinels, but no sentinels are given"});
    };
    without_effect("service_name", has_text(options.service_name));
    without_effect("sentinel_username", has_text(options.sentinel_username));
    without_effect("sentinel_password", options.sentinel_password && !options.sentinel_password->empty());
  }
  if (has_text(options.sentinel_username) && !options.sentinel_password)
    complaints.push_back({"sentinel_username",
                          "a sentinel_username needs a sentinel_password; one without any has "
                          "sentinel_password: \"\""});
  if (options.read_from_replicas && !sentinel && !cluster)
    complaints.push_back({"read_from_replicas", "replicas are known only with sentinels or startup_nodes"});
  if (!sentinel && !cluster) return;
  const std::string which = sentinel ? "sentinels" : "startup_nodes";
  const std::string instead = " is not used when " + which + " say where the servers are";
  if (options.host != defaults.host) complaints.push_back({"host", "host" + instead});
  if (options.port != defaults.port) complaints.push_back({"port", "port" + instead});
  if (has_text(options.unix_socket_path))
    complaints.push_back({"unix_socket_path", "unix_socket_path" + instead});
  if (cluster && options.db != 0) complaints.push_back({"db", "a cluster has only the database 0"});
}

bool stays_on_this_machine(const RedisConnectionOptions& options) {
  const auto& named = options.startup_nodes.empty() ? options.sentinels : options.startup_nodes;
  if (named.empty()) return has_text(options.unix_socket_path) || basics::is_this_machine(options.host);
  const auto addresses = read_addresses(named, redis_port);
  return std::all_of(addresses.begin(), addresses.end(),
                     [](const ServerAddress& address) { return basics::is_this_machine(address.host); });
}

}  // namespace cachesite::redis
