#pragma once

#include <bit>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite::bench {

// A good conventional cache: shards by hash, each a mutex, an open-addressing table of (hash, node) with
// linear probing and backward shift, nodes in one array, an LRU list through them.
class ShardedFlatCache {
 public:
  explicit ShardedFlatCache(std::size_t capacity, unsigned shard_bits = 6) : shift_(64 - shard_bits) {
    for (std::size_t i = 0; i < std::size_t{1} << shard_bits; ++i) {
      shards_.push_back(std::make_unique<Shard>((capacity >> shard_bits) + 1));
    }
  }

  bool get(std::string_view key, std::string& value) {
    const std::uint64_t hash = hash_of(key);
    return shards_[hash >> shift_]->get(hash, key, value);
  }
  void set(std::string_view key, std::string_view value, std::chrono::seconds time_to_live) {
    const std::uint64_t hash = hash_of(key);
    shards_[hash >> shift_]->set(hash, key, value, time_to_live);
  }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::uint32_t none = ~std::uint32_t{0};

  static std::uint64_t hash_of(std::string_view key) {
    return std::hash<std::string_view>()(key) * 0x9E3779B97F4A7C15U;
  }

  struct Node {
    std::string key;
    std::string value;
    Clock::time_point end;
    std::uint64_t hash = 0;
    std::uint32_t newer = none;
    std::uint32_t older = none;
  };
  struct Cell {
    std::uint32_t hash = 0;
    std::uint32_t node = none;
  };

  class alignas(64) Shard {
   public:
    explicit Shard(std::size_t capacity)
        : capacity_(capacity), cells_(std::bit_ceil(capacity * 2)), mask_(cells_.size() - 1) {
      nodes_.reserve(capacity);
    }

    bool get(std::uint64_t hash, std::string_view key, std::string& value) {
      const std::lock_guard guard(mutex_);
      const std::size_t cell = find(hash, key);
      if (cells_[cell].node == none) return false;
      Node& node = nodes_[cells_[cell].node];
      if (node.end <= Clock::now()) return false;
      refresh(cells_[cell].node);
      value = node.value;
      return true;
    }

    void set(std::uint64_t hash, std::string_view key, std::string_view value,
             std::chrono::seconds time_to_live) {
      const auto end = Clock::now() + time_to_live;
      const std::lock_guard guard(mutex_);
      std::size_t cell = find(hash, key);
      std::uint32_t number = cells_[cell].node;
      if (number != none) {
        nodes_[number].value = value;
        nodes_[number].end = end;
        refresh(number);
        return;
      }
      if (nodes_.size() == capacity_) {
        number = oldest_;
        unlink(number);
        erase(find(nodes_[number].hash, nodes_[number].key));
        cell = find(hash, key);
      } else {
        number = static_cast<std::uint32_t>(nodes_.size());
        nodes_.emplace_back();
      }
      Node& node = nodes_[number];
      node.key = key;
      node.value = value;
      node.end = end;
      node.hash = hash;
      cells_[cell] = {static_cast<std::uint32_t>(hash), number};
      link(number);
    }

   private:
    std::size_t find(std::uint64_t hash, std::string_view key) const {
      std::size_t cell = (hash >> 20U) & mask_;
      for (;; cell = (cell + 1) & mask_) {
        if (cells_[cell].node == none) return cell;
        if (cells_[cell].hash == static_cast<std::uint32_t>(hash) && nodes_[cells_[cell].node].key == key)
          return cell;
      }
    }
    void erase(std::size_t cell) {
      std::size_t next = cell;
      for (;;) {
        next = (next + 1) & mask_;
        if (cells_[next].node == none) break;
        const std::size_t home = (nodes_[cells_[next].node].hash >> 20U) & mask_;
        if (((next - home) & mask_) < ((next - cell) & mask_)) continue;
        cells_[cell] = cells_[next];
        cell = next;
      }
      cells_[cell] = {};
    }
    void link(std::uint32_t number) {
      nodes_[number].newer = none;
      nodes_[number].older = newest_;
      (newest_ == none ? oldest_ : nodes_[newest_].newer) = number;
      newest_ = number;
    }
    void unlink(std::uint32_t number) {
      const Node& node = nodes_[number];
      (node.newer == none ? newest_ : nodes_[node.newer].older) = node.older;
      (node.older == none ? oldest_ : nodes_[node.older].newer) = node.newer;
    }
    void refresh(std::uint32_t number) {
      if (number == newest_) return;
      unlink(number);
      link(number);
    }

    const std::size_t capacity_;
    std::vector<Cell> cells_;
    const std::size_t mask_;
    std::vector<Node> nodes_;
    std::uint32_t newest_ = none;
    std::uint32_t oldest_ = none;
    std::mutex mutex_;
  };

  const unsigned shift_;
  std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace cachesite::bench
