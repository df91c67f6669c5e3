#pragma once

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

/// Replaces `operator new` in the program whose one source file includes this, and counts its calls.
inline std::atomic<long> allocations{0};

// None is inlined: the compiler would see memory of one kind go to the other.
[[gnu::noinline]] void* operator new(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* const memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
