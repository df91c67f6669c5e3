#include "policies/key_lists.hpp"
#include "policies/policy.hpp"

#include <algorithm>

namespace cachesite::bench {

namespace {

// Megiddo and Modha, "ARC: a self-tuning, low overhead replacement cache", FAST 2003, figure 4.
class Arc final : public IPolicy {
 public:
  Arc(std::uint32_t keys, std::uint32_t capacity) : lists_(keys, 4), capacity_(capacity) {}

  bool access(std::uint32_t key) override {
    const auto where = lists_.where(key);
    if (where == recent || where == frequent) {
      lists_.move(frequent, key);
      return true;
    }
    if (where == recent_ghost || where == frequent_ghost) {
      const double recent_ghosts = lists_.size(recent_ghost);
      const double frequent_ghosts = lists_.size(frequent_ghost);
      if (where == recent_ghost) {
        target_ = std::min<double>(capacity_, target_ + std::max(frequent_ghosts / recent_ghosts, 1.0));
      } else {
        target_ = std::max(0.0, target_ - std::max(recent_ghosts / frequent_ghosts, 1.0));
      }
      replace(where == frequent_ghost);
      lists_.move(frequent, key);
      return false;
    }
    const std::uint32_t recents = lists_.size(recent) + lists_.size(recent_ghost);
    const std::uint32_t all = recents + lists_.size(frequent) + lists_.size(frequent_ghost);
    if (recents == capacity_) {
      if (lists_.size(recent) < capacity_) {
        lists_.pop(recent_ghost);
        replace(false);
      } else {
        lists_.pop(recent);
      }
    } else if (all >= capacity_) {
      if (all == 2 * capacity_) lists_.pop(frequent_ghost);
      replace(false);
    }
    lists_.push(recent, key);
    return false;
  }

 private:
  enum List : std::uint8_t { recent, frequent, recent_ghost, frequent_ghost };

  void replace(bool was_frequent_ghost) {
    const double recents = lists_.size(recent);
    if (recents > 0 &&
        (recents > target_ || (was_frequent_ghost && recents == target_) || lists_.size(frequent) == 0)) {
      lists_.push(recent_ghost, lists_.pop(recent));
    } else if (lists_.size(frequent) != 0) {
      lists_.push(frequent_ghost, lists_.pop(frequent));
    }
  }

  KeyLists lists_;
  const std::uint32_t capacity_;
  double target_ = 0;
};

}  // namespace

std::unique_ptr<IPolicy> make_arc(std::uint32_t keys, std::uint32_t capacity) {
  return std::make_unique<Arc>(keys, capacity);
}

}  // namespace cachesite::bench
