#pragma once

namespace cachesite::memory {

inline void prefetch(const void* address) noexcept {
  __builtin_prefetch(address);
}

// For a line that is going to be written: one that another processor holds comes in one journey, not in two.
inline void prefetch_for_write(const void* address) noexcept {
#if defined(__x86_64__)
  // Without options for a newer processor compilers make it a prefetch for reading. Processors that do not
  // know the instruction ignore it.
  asm volatile("prefetchw %0" : : "m"(*static_cast<const char*>(address)));
#else
  __builtin_prefetch(address, 1);
#endif
}

}  // namespace cachesite::memory
