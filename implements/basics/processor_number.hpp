#pragma once

#include <cstdint>

#if __has_include(<sys/rseq.h>)
#include <sys/rseq.h>
#endif

namespace cachesite::basics {

// The number of the processor that runs this thread right now: a single load where the C library shares an
// area with the kernel (glibc from 2.35 on, Linux from 4.18 on). Where the system does not tell, a number
// that stays the same for a thread and differs between most threads.
[[nodiscard]] inline std::uint32_t processor_number() noexcept {
  const auto* const thread = static_cast<const char*>(__builtin_thread_pointer());
#if __has_include(<sys/rseq.h>)
  const auto* const area = reinterpret_cast<const volatile struct rseq*>(thread + __rseq_offset);
  const std::uint32_t number = area->cpu_id;
  if (static_cast<std::int32_t>(number) >= 0) [[likely]]
    return number;
#endif
  return static_cast<std::uint32_t>(
      std::uint64_t{reinterpret_cast<std::uintptr_t>(thread)} * 0x9e3779b97f4a7c15U >> 58U);
}

}  // namespace cachesite::basics
