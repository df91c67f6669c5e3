#pragma once

#include <cstdint>
#include <list>
#include <unordered_map>

namespace cachesite::memory {

// The hashes of keys that went lately, in the order in which they went.
class GhostQueue {
 public:
  // Without memory a key is forgotten at once.
  void push(std::uint64_t hash, std::uint64_t most) noexcept {
    try {
      order_.push_back({hash, next_});
      places_[hash] = next_++;
    } catch (...) {
    }
    while (places_.size() > most && !order_.empty())
      pop();
    if (order_.size() > 2 * places_.size() + 16) {
      std::erase_if(order_, [this](const Ghost& ghost) { return !is_current(ghost); });
    }
  }
  bool take(std::uint64_t hash) noexcept { return places_.erase(hash) != 0; }
  void clear() noexcept {
    order_.clear();
    places_.clear();
  }
  std::uint64_t size() const noexcept { return places_.size(); }

 private:
  struct Ghost {
    std::uint64_t hash;
    std::uint64_t number;
  };

  void pop() noexcept {
    const Ghost oldest = order_.front();
    order_.pop_front();
    if (is_current(oldest)) places_.erase(oldest.hash);
  }
  bool is_current(const Ghost& ghost) const noexcept {
    const auto found = places_.find(ghost.hash);
    return found != places_.end() && found->second == ghost.number;
  }

  std::list<Ghost> order_;
  std::unordered_map<std::uint64_t, std::uint64_t> places_;
  std::uint64_t next_ = 0;
};

}  // namespace cachesite::memory
