#include "redis/topology/server_hint.hpp"

#include "basics/number_text.hpp"
#include "redis/topology/hash_slot.hpp"

#include <string>

namespace cachesite::redis {

namespace {

// "3999 127.0.0.1:6381"
ServerHint redirection(ServerHint::Kind kind, std::string_view text, const ServerAddress& asked) {
  const auto blank = text.find(' ');
  if (blank == std::string_view::npos) return {};
  const auto slot = basics::read_number<std::uint16_t>(text.substr(0, blank), 0, hash_slots - 1);
  const auto place = text.substr(blank + 1);
  const auto colon = place.rfind(':');
  if (!slot || colon == std::string_view::npos) return {};
  const auto port = basics::read_port(place.substr(colon + 1));
  if (!port) return {};
  std::string_view host = place.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  if (host.find_first_of(" \t\r\n") != std::string_view::npos) return {};
  // The server knows no name for it; the map may.
  if (host == "?") return {kind == ServerHint::Kind::moved ? kind : ServerHint::Kind::try_again, *slot, {}};
  return {kind, *slot, {host.empty() ? asked.host : std::string(host), *port, {}}};
}

}  // namespace

ServerHint ServerHint::read(std::string_view error, const ServerAddress& asked) {
  const auto blank = error.find(' ');
  const auto word = error.substr(0, blank);
  const auto rest = blank == std::string_view::npos ? std::string_view() : error.substr(blank + 1);
  if (word == "MOVED") return redirection(Kind::moved, rest, asked);
  if (word == "ASK") return redirection(Kind::ask, rest, asked);
  if (word == "TRYAGAIN") return {Kind::try_again, 0, {}};
  if (word == "CLUSTERDOWN") return {Kind::down, 0, {}};
  if (word == "LOADING" || word == "MASTERDOWN") return {Kind::loading, 0, {}};
  if (word == "READONLY") return {Kind::not_a_master, 0, {}};
  return {};
}

}  // namespace cachesite::redis
