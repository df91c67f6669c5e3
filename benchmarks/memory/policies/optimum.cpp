#include "policies/policy.hpp"

#include <queue>
#include <utility>

namespace cachesite::bench {

namespace {

// Belady: the entry whose next use is farthest away goes, the new one included.
class Optimum final : public IPolicy {
 public:
  Optimum(std::uint32_t keys, std::uint32_t capacity, const std::vector<std::uint32_t>& trace)
      : next_use_(trace.size()), held_(keys, 0), capacity_(capacity) {
    std::vector<std::uint32_t> next(keys, static_cast<std::uint32_t>(trace.size()));
    for (std::size_t i = trace.size(); i-- > 0;) {
      next_use_[i] = next[trace[i]];
      next[trace[i]] = static_cast<std::uint32_t>(i);
    }
  }

  bool access(std::uint32_t key) override {
    const std::uint32_t next = next_use_[position_++];
    const bool hit = held_[key] != 0;
    if (!hit) {
      held_[key] = 1;
      ++size_;
    }
    // An entry that is used again stands in the queue twice; the older place is passed, since it is nearer.
    farthest_.emplace(next, key);
    while (size_ > capacity_) {
      const auto [when, candidate] = farthest_.top();
      farthest_.pop();
      if (held_[candidate] == 0 || when < position_) continue;
      held_[candidate] = 0;
      --size_;
    }
    return hit;
  }

 private:
  std::vector<std::uint32_t> next_use_;
  std::vector<std::uint8_t> held_;
  std::priority_queue<std::pair<std::uint32_t, std::uint32_t>> farthest_;
  const std::uint32_t capacity_;
  std::uint32_t size_ = 0;
  std::size_t position_ = 0;
};

}  // namespace

std::unique_ptr<IPolicy> make_optimum(std::uint32_t keys, std::uint32_t capacity,
                                      const std::vector<std::uint32_t>& trace) {
  return std::make_unique<Optimum>(keys, capacity, trace);
}

}  // namespace cachesite::bench
