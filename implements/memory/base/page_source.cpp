#include "memory/base/page_source.hpp"

#include <sys/mman.h>

namespace cachesite::memory {

void* SystemPages::map(std::size_t bytes) noexcept {
  void* address =
      ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return address == MAP_FAILED ? nullptr : address;
}

void SystemPages::unmap(void* address, std::size_t bytes) noexcept {
  ::munmap(address, bytes);
}

void SystemPages::discard(void* address, std::size_t bytes) noexcept {
  ::madvise(address, bytes, MADV_DONTNEED);
}

bool SystemPages::advise_huge(void* address, std::size_t bytes) noexcept {
  return ::madvise(address, bytes, MADV_HUGEPAGE) == 0;
}

void SystemPages::advise_small(void* address, std::size_t bytes) noexcept {
  ::madvise(address, bytes, MADV_NOHUGEPAGE);
}

}  // namespace cachesite::memory
