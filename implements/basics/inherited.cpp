#include "basics/inherited.hpp"

#include <atomic>
#include <new>

namespace cachesite::basics {

namespace {

struct Left {
  const void* thing;
  Left* next;
};

constinit std::atomic<Left*> all_left{nullptr};

}  // namespace

void leave_alone(const void* thing) noexcept {
  auto* const left = new (std::nothrow) Left{thing, all_left.load()};
  while (left != nullptr && !all_left.compare_exchange_weak(left->next, left)) {
  }
}

}  // namespace cachesite::basics
