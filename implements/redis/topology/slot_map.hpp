#pragma once

#include "redis/base/address.hpp"
#include "redis/topology/hash_slot.hpp"
#include "redis/wire/reply.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace cachesite::redis {

/// Which servers of a cluster hold which slots, as one of them sees it.
class SlotMap {
 public:
  struct Shard {
    std::size_t master;
    std::vector<std::size_t> replicas;
  };

  /// Reads the answer to CLUSTER SLOTS of the server at `asked`, whose host stands for a missing one. What
  /// makes no sense is left out: ranges outside 0..16383 or backwards, slots given twice, servers without a
  /// port. Nothing when no slot is left.
  static std::optional<SlotMap> read(const Reply& reply, const ServerAddress& asked);

  /// All servers; masters and replicas are given as places in here.
  [[nodiscard]] const std::vector<ServerAddress>& servers() const noexcept { return servers_; }
  [[nodiscard]] const std::vector<Shard>& shards() const noexcept { return shards_; }
  /// Null when nobody is known to hold the slot.
  [[nodiscard]] const Shard* shard_of(HashSlot slot) const noexcept {
    const auto shard = shard_of_slot_[slot];
    return shard == none ? nullptr : &shards_[shard];
  }
  [[nodiscard]] const ServerAddress* master_of(HashSlot slot) const noexcept {
    const auto* const shard = shard_of(slot);
    return shard == nullptr ? nullptr : &servers_[shard->master];
  }
  [[nodiscard]] std::size_t slots_held() const noexcept;
  /// Whether the shard at this place holds any.
  [[nodiscard]] bool holds_slots(std::size_t shard) const noexcept {
    return std::find(shard_of_slot_.begin(), shard_of_slot_.end(), shard) != shard_of_slot_.end();
  }

  /// Whether each slot has the same master in both.
  [[nodiscard]] bool has_masters_of(const SlotMap& other) const noexcept;
  /// From now on that server is the master of the slot.
  void move(HashSlot slot, const ServerAddress& master);

 private:
  static constexpr std::uint16_t none = 0xFFFF;

  SlotMap() { shard_of_slot_.fill(none); }
  std::size_t place_of(const ServerAddress& server);
  std::uint16_t shard_led_by(std::size_t master);

  std::vector<ServerAddress> servers_;
  std::vector<Shard> shards_;
  std::array<std::uint16_t, hash_slots> shard_of_slot_;
};

}  // namespace cachesite::redis
