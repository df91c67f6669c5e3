#include "redis/topology/sentinel_news.hpp"

#include "basics/number_text.hpp"

#include <string>

namespace cachesite::redis {

namespace {

constexpr std::size_t most_named = 64;

std::optional<ServerAddress> address(std::string_view host, std::string_view port) {
  const auto number = basics::read_port(port);
  if (!number) return std::nullopt;
  if (host.empty() || host == "?" || host.find_first_of(" \t\r\n") != std::string_view::npos)
    return std::nullopt;
  return ServerAddress{std::string(host), *number, {}};
}

std::string_view word(std::string_view& text) {
  const auto blank = text.find(' ');
  const auto first = text.substr(0, blank);
  text = blank == std::string_view::npos ? std::string_view() : text.substr(blank + 1);
  return first;
}

}  // namespace

std::optional<ServerAddress> read_master(const Reply& reply) {
  if (reply.kind != ReplyKind::array || reply.elements.size() != 2) return std::nullopt;
  return address(reply.elements[0].text(), reply.elements[1].text());
}

std::vector<ServerAddress> read_servers(const Reply& reply) {
  std::vector<ServerAddress> servers;
  if (reply.kind != ReplyKind::array) return servers;
  for (const Reply& one : reply.elements) {
    std::string_view host;
    std::string_view port;
    std::string_view flags;
    std::string_view link = "ok";
    for (std::size_t index = 0; index + 1 < one.elements.size(); index += 2) {
      const auto name = one.elements[index].text();
      const auto value = one.elements[index + 1].text();
      if (name == "ip") host = value;
      if (name == "port") port = value;
      if (name == "flags") flags = value;
      if (name == "master-link-status") link = value;
    }
    const bool away = flags.find("_down") != std::string_view::npos ||
                      flags.find("disconnected") != std::string_view::npos || link != "ok";
    if (auto server = address(host, port); server && !away && servers.size() < most_named)
      servers.push_back(std::move(*server));
  }
  return servers;
}

std::optional<MasterSwitch> read_promotion(std::string_view message, std::string_view service_name) {
  if (word(message) != "slave") return std::nullopt;
  word(message);
  const auto to_host = word(message);
  const auto to_port = word(message);
  if (word(message) != "@" || word(message) != service_name) return std::nullopt;
  const auto from_host = word(message);
  const auto from_port = word(message);
  auto from = address(from_host, from_port);
  auto to = address(to_host, to_port);
  if (!from || !to) return std::nullopt;
  return MasterSwitch{std::move(*from), std::move(*to)};
}

std::optional<MasterSwitch> read_switch(std::string_view message, std::string_view service_name) {
  if (word(message) != service_name) return std::nullopt;
  const auto from_host = word(message);
  const auto from_port = word(message);
  const auto to_host = word(message);
  const auto to_port = word(message);
  auto from = address(from_host, from_port);
  auto to = address(to_host, to_port);
  if (!from || !to) return std::nullopt;
  return MasterSwitch{std::move(*from), std::move(*to)};
}

}  // namespace cachesite::redis
