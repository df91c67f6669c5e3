#pragma once

#include "memory/base/tick.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace cachesite::memory {

struct Node {
  // What a node costs besides its key and value: itself, its places in the hash table, among the ends and
  // among the numbers, and what an allocator adds.
  static constexpr std::uint64_t overhead = 384;

  Node* newer = nullptr;
  Node* older = nullptr;
  std::string key;
  std::shared_ptr<const std::byte> value;  // null for a cached null
  std::size_t value_size = 0;
  Tick expiry = never;
  Tick idle_deadline = never;
  std::multimap<Tick, Node*>::iterator end;
  std::size_t place = 0;
  std::uint8_t list = 0;
  std::uint8_t use = 0;
  bool is_null = false;

  std::uint64_t bytes() const noexcept { return key.size() + value_size + overhead; }
};

// Nodes from the newest to the oldest; owns none of them.
class NodeList {
 public:
  explicit NodeList(std::uint8_t number) noexcept : number_(number) {}

  void push(Node& node) noexcept {
    node.list = number_;
    node.newer = nullptr;
    node.older = newest_;
    (newest_ == nullptr ? oldest_ : newest_->newer) = &node;
    newest_ = &node;
    ++size_;
  }
  void remove(Node& node) noexcept {
    (node.newer == nullptr ? newest_ : node.newer->older) = node.older;
    (node.older == nullptr ? oldest_ : node.older->newer) = node.newer;
    --size_;
  }
  Node* oldest() const noexcept { return oldest_; }
  std::uint64_t size() const noexcept { return size_; }

 private:
  const std::uint8_t number_;
  Node* newest_ = nullptr;
  Node* oldest_ = nullptr;
  std::uint64_t size_ = 0;
};

}  // namespace cachesite::memory
