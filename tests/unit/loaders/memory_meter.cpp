#include "memory_meter.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

#include <malloc.h>

namespace {

std::atomic<std::size_t> current{0};
std::atomic<std::size_t> highest{0};
std::atomic<std::size_t> base{0};

void* take(std::size_t size) {
  void* memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  const std::size_t now = current.fetch_add(malloc_usable_size(memory)) + malloc_usable_size(memory);
  std::size_t known = highest.load();
  while (known < now && !highest.compare_exchange_weak(known, now)) {
  }
  return memory;
}

void give(void* memory) noexcept {
  if (memory != nullptr) current.fetch_sub(malloc_usable_size(memory));
  std::free(memory);
}

}  // namespace

void* operator new(std::size_t size) {
  return take(size);
}
void* operator new[](std::size_t size) {
  return take(size);
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  try {
    return take(size);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}
void* operator new[](std::size_t size, const std::nothrow_t& nothrow) noexcept {
  return operator new(size, nothrow);
}
void operator delete(void* memory) noexcept {
  give(memory);
}
void operator delete[](void* memory) noexcept {
  give(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  give(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  give(memory);
}

namespace cachesite::test {

void MemoryMeter::reset() noexcept {
  base = current.load();
  highest = current.load();
}

std::size_t MemoryMeter::peak() noexcept {
  return highest.load() - base.load();
}

}  // namespace cachesite::test
