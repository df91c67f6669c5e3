#pragma once

#include "memory/ordered/node_list.hpp"

#include <cstddef>
#include <vector>

namespace cachesite::memory {

// Gives each node a number that it keeps as long as it lives, so that a walk over the numbers meets every
// node that stays, whatever comes and goes meanwhile. Owns no node.
class NodePlaces {
 public:
  static constexpr std::size_t none = ~std::size_t{0};

  // Throws std::bad_alloc.
  void take(Node& node) {
    if (free_ == none) {
      places_.push_back({&node, none});
      node.place = places_.size() - 1;
      return;
    }
    node.place = free_;
    free_ = places_[free_].next_free;
    places_[node.place].node = &node;
  }
  void give(const Node& node) noexcept {
    places_[node.place] = {nullptr, free_};
    free_ = node.place;
  }
  void clear() noexcept {
    places_ = {};
    free_ = none;
  }

  std::size_t size() const noexcept { return places_.size(); }
  // Null where there is no node.
  const Node* at(std::size_t place) const noexcept { return places_[place].node; }

 private:
  struct Cell {
    Node* node;
    std::size_t next_free;
  };

  std::vector<Cell> places_;
  std::size_t free_ = none;
};

}  // namespace cachesite::memory
