#include "support/failing_allocations.hpp"

#include "support/support_thread.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <stdexcept>

// AddressSanitizer takes what this file frees for something that its own `new` has made.
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() {
  return "alloc_dealloc_mismatch=0";
}

namespace cachesite::test {
namespace {

std::atomic<bool> in_use{false};
std::atomic<bool> active{false};
std::atomic<bool> on_this_thread{false};
std::atomic<long> first_failing{0};
std::atomic<long> last_failing{0};
std::atomic<long> seen_so_far{0};
thread_local bool is_maker = false;

}  // namespace

FailingAllocations::FailingAllocations(On threads, long first, long count) {
  if (in_use.exchange(true)) throw std::logic_error("allocations are made to fail already");
  is_maker = true;
  on_this_thread = threads == On::this_thread;
  seen_so_far = 0;
  first_failing = first;
  last_failing = count > all - first ? all : first + count - 1;
  active = true;
}

FailingAllocations::~FailingAllocations() {
  end();
  is_maker = false;
  in_use = false;
}

void FailingAllocations::end() noexcept {
  active = false;
}

long FailingAllocations::seen() const noexcept {
  return seen_so_far.load();
}

bool FailingAllocations::reached() const noexcept {
  return seen_so_far.load() > first_failing.load();
}

bool FailingAllocations::this_one_fails() noexcept {
  if (!active.load(std::memory_order_acquire) || is_support_thread) return false;
  if (on_this_thread.load(std::memory_order_relaxed) != is_maker) return false;
  const long number = seen_so_far.fetch_add(1);
  return number >= first_failing.load() && number <= last_failing.load();
}

namespace {

void* allocate(std::size_t size) {
  if (FailingAllocations::this_one_fails()) throw std::bad_alloc();
  if (void* memory = std::malloc(std::max<std::size_t>(size, 1))) return memory;
  throw std::bad_alloc();
}

void* allocate_aligned(std::size_t size, std::size_t alignment) {
  if (FailingAllocations::this_one_fails()) throw std::bad_alloc();
  if (void* memory = std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment))
    return memory;
  throw std::bad_alloc();
}

}  // namespace

}  // namespace cachesite::test

[[gnu::noinline]] void* operator new(std::size_t size) {
  return cachesite::test::allocate(size);
}
[[gnu::noinline]] void* operator new[](std::size_t size) {
  return cachesite::test::allocate(size);
}
[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t alignment) {
  return cachesite::test::allocate_aligned(size, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete[](void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}
