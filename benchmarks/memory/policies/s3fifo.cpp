#include "policies/key_lists.hpp"
#include "policies/policy.hpp"

#include <algorithm>

namespace cachesite::bench {

namespace {

// Yang and others, SOSP 2023: a small queue of a tenth, a main queue, a ghost queue as long as the main one.
class S3Fifo final : public IPolicy {
 public:
  S3Fifo(std::uint32_t keys, std::uint32_t capacity)
      : lists_(keys, 3), use_(keys, 0), capacity_(capacity), small_(std::max(1U, capacity / 10)) {}

  bool access(std::uint32_t key) override {
    const auto where = lists_.where(key);
    if (where == small || where == main) {
      if (use_[key] < 3) ++use_[key];
      return true;
    }
    while (lists_.size(small) + lists_.size(main) >= capacity_)
      evict();
    const bool known = lists_.where(key) == ghost;
    if (known) lists_.remove(key);
    use_[key] = 0;
    lists_.push(known ? main : small, key);
    return false;
  }

 private:
  enum List : std::uint8_t { small, main, ghost };

  void evict() {
    if (lists_.size(small) >= small_ && evict_from_small()) return;
    if (!evict_from_main()) evict_from_small();
  }
  bool evict_from_small() {
    while (lists_.size(small) != 0) {
      const std::uint32_t key = lists_.pop(small);
      if (use_[key] > 1) {
        use_[key] = 0;
        lists_.push(main, key);
        continue;
      }
      lists_.push(ghost, key);
      if (lists_.size(ghost) > capacity_ - small_) lists_.pop(ghost);
      return true;
    }
    return false;
  }
  bool evict_from_main() {
    while (lists_.size(main) != 0) {
      const std::uint32_t key = lists_.pop(main);
      if (use_[key] == 0) return true;
      --use_[key];
      lists_.push(main, key);
    }
    return false;
  }

  KeyLists lists_;
  std::vector<std::uint8_t> use_;
  const std::uint32_t capacity_;
  const std::uint32_t small_;
};

}  // namespace

std::unique_ptr<IPolicy> make_s3fifo(std::uint32_t keys, std::uint32_t capacity) {
  return std::make_unique<S3Fifo>(keys, capacity);
}

}  // namespace cachesite::bench
