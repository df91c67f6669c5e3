#pragma once

#include <atomic>
#include <cstdint>

namespace cachesite::basics {

namespace detail {

// A page that the system wipes in a forked child; null before the first question.
extern std::atomic<std::atomic<std::uint32_t>*> process_number_page;
[[nodiscard]] std::uint32_t new_process_number() noexcept;

}  // namespace detail

/// A number that a process keeps and that none of its forked descendants has; never 0. Costs two loads. Where
/// the system cannot wipe a page (Linux before 4.14) all have the same.
[[nodiscard]] inline std::uint32_t process_number() noexcept {
  if (const auto* const page = detail::process_number_page.load(std::memory_order_acquire))
    if (const auto number = page->load(std::memory_order_relaxed); number != 0) return number;
  return detail::new_process_number();
}

}  // namespace cachesite::basics
