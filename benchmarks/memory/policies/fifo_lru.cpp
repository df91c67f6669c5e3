#include "policies/key_lists.hpp"
#include "policies/policy.hpp"

namespace cachesite::bench {

namespace {

class Queue final : public IPolicy {
 public:
  Queue(std::uint32_t keys, std::uint32_t capacity, bool refresh)
      : lists_(keys, 1), capacity_(capacity), refresh_(refresh) {}

  bool access(std::uint32_t key) override {
    if (lists_.where(key) == 0) {
      if (refresh_) lists_.move(0, key);
      return true;
    }
    if (lists_.size(0) == capacity_) lists_.pop(0);
    lists_.push(0, key);
    return false;
  }

 private:
  KeyLists lists_;
  const std::uint32_t capacity_;
  const bool refresh_;
};

}  // namespace

std::unique_ptr<IPolicy> make_fifo(std::uint32_t keys, std::uint32_t capacity) {
  return std::make_unique<Queue>(keys, capacity, false);
}

std::unique_ptr<IPolicy> make_lru(std::uint32_t keys, std::uint32_t capacity) {
  return std::make_unique<Queue>(keys, capacity, true);
}

}  // namespace cachesite::bench
