#pragma once

#include <cstdint>
#include <vector>

namespace cachesite::bench {

// Doubly linked lists over the numbers below `keys`; each number is in one list at most.
class KeyLists {
 public:
  static constexpr std::uint32_t none = ~std::uint32_t{0};
  static constexpr std::uint8_t nowhere = 255;

  KeyLists(std::uint32_t keys, unsigned lists)
      : newer_(keys, none), older_(keys, none), where_(keys, nowhere), ends_(lists) {}

  std::uint8_t where(std::uint32_t key) const { return where_[key]; }
  std::uint32_t size(unsigned list) const { return ends_[list].size; }
  std::uint32_t oldest(unsigned list) const { return ends_[list].oldest; }
  void push(unsigned list, std::uint32_t key) {
    Ends& ends = ends_[list];
    where_[key] = static_cast<std::uint8_t>(list);
    newer_[key] = none;
    older_[key] = ends.newest;
    (ends.newest == none ? ends.oldest : newer_[ends.newest]) = key;
    ends.newest = key;
    ++ends.size;
  }
  void remove(std::uint32_t key) {
    Ends& ends = ends_[where_[key]];
    (newer_[key] == none ? ends.newest : older_[newer_[key]]) = older_[key];
    (older_[key] == none ? ends.oldest : newer_[older_[key]]) = newer_[key];
    where_[key] = nowhere;
    --ends.size;
  }
  std::uint32_t pop(unsigned list) {
    const std::uint32_t key = ends_[list].oldest;
    remove(key);
    return key;
  }
  void move(unsigned list, std::uint32_t key) {
    remove(key);
    push(list, key);
  }

 private:
  struct Ends {
    std::uint32_t newest = none;
    std::uint32_t oldest = none;
    std::uint32_t size = 0;
  };
  std::vector<std::uint32_t> newer_;
  std::vector<std::uint32_t> older_;
  std::vector<std::uint8_t> where_;
  std::vector<Ends> ends_;
};

}  // namespace cachesite::bench
