#include "redis/topology/slot_map.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace cachesite::redis {

namespace {

constexpr std::size_t most_nodes_of_map = 4096;

// The value of a name among a server's metadata, a list of names and values behind its id; empty when there
// is none.
std::string_view metadata_of(const Reply& server, std::string_view name) {
  if (server.elements.size() < 4) return {};
  const auto& metadata = server.elements[3].elements;
  for (std::size_t index = 0; index + 1 < metadata.size(); index += 2)
    if (metadata[index].text() == name) return metadata[index + 1].text();
  return {};
}

std::optional<ServerAddress> read_server(const Reply& reply, const ServerAddress& asked) {
  if (reply.kind != ReplyKind::array || reply.elements.size() < 2) return std::nullopt;
  const Reply& host = reply.elements[0];
  const Reply& port = reply.elements[1];
  if (port.kind != ReplyKind::integer || port.integer < 1 || port.integer > 65535) return std::nullopt;
  if (host.kind != ReplyKind::bulk && host.kind != ReplyKind::nil) return std::nullopt;
  std::string_view name = host.text();
  if (host.kind == ReplyKind::nil || name.empty()) name = asked.host;
  // A cluster that prefers host names writes this for a server without one.
  if (name == "?") name = metadata_of(reply, "ip");
  if (name.empty() || name == "?") return std::nullopt;
  return ServerAddress{std::string(name), static_cast<std::uint16_t>(port.integer), {}};
}

bool is_slot(const Reply& reply) {
  return reply.kind == ReplyKind::integer && reply.integer >= 0 && reply.integer < hash_slots;
}

}  // namespace

std::optional<SlotMap> SlotMap::read(const Reply& reply, const ServerAddress& asked) {
  if (reply.kind != ReplyKind::array) return std::nullopt;
  SlotMap map;
  for (const Reply& range : reply.elements) {
    if (range.kind != ReplyKind::array || range.elements.size() < 3) continue;
    if (!is_slot(range.elements[0]) || !is_slot(range.elements[1])) continue;
    const auto first = static_cast<std::size_t>(range.elements[0].integer);
    const auto last = static_cast<std::size_t>(range.elements[1].integer);
    const auto master = read_server(range.elements[2], asked);
    if (first > last || !master) continue;
    if (map.servers_.size() + range.elements.size() > most_nodes_of_map) break;
    const auto led = map.shard_led_by(map.place_of(*master));
    for (std::size_t index = 3; index < range.elements.size(); ++index)
      if (const auto replica = read_server(range.elements[index], asked); replica && *replica != *master) {
        const auto place = map.place_of(*replica);
        auto& replicas = map.shards_[led].replicas;
        if (std::find(replicas.begin(), replicas.end(), place) == replicas.end()) replicas.push_back(place);
      }
    for (std::size_t slot = first; slot <= last; ++slot)
      if (map.shard_of_slot_[slot] == none) map.shard_of_slot_[slot] = led;
  }
  if (map.slots_held() == 0) return std::nullopt;
  return map;
}

std::size_t SlotMap::slots_held() const noexcept {
  return hash_slots -
         static_cast<std::size_t>(std::count(shard_of_slot_.begin(), shard_of_slot_.end(), none));
}

bool SlotMap::has_masters_of(const SlotMap& other) const noexcept {
  for (std::size_t slot = 0; slot < hash_slots; ++slot) {
    const auto* const mine = master_of(static_cast<HashSlot>(slot));
    const auto* const its = other.master_of(static_cast<HashSlot>(slot));
    if ((mine == nullptr) != (its == nullptr) || (mine != nullptr && *mine != *its)) return false;
  }
  return true;
}

void SlotMap::move(HashSlot slot, const ServerAddress& master) {
  shard_of_slot_[slot] = shard_led_by(place_of(master));
}

std::size_t SlotMap::place_of(const ServerAddress& server) {
  const auto found = std::find(servers_.begin(), servers_.end(), server);
  if (found != servers_.end()) return static_cast<std::size_t>(found - servers_.begin());
  servers_.push_back(server);
  return servers_.size() - 1;
}

std::uint16_t SlotMap::shard_led_by(std::size_t master) {
  const auto found = std::find_if(shards_.begin(), shards_.end(),
                                  [&](const Shard& shard) { return shard.master == master; });
  if (found != shards_.end()) return static_cast<std::uint16_t>(found - shards_.begin());
  shards_.push_back({master, {}});
  return static_cast<std::uint16_t>(shards_.size() - 1);
}

}  // namespace cachesite::redis
