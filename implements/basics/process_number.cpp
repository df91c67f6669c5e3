#include "basics/process_number.hpp"

#include <new>

#include <sys/mman.h>

namespace cachesite::basics {

namespace {

constexpr std::size_t page_bytes = 4096;

using Number = std::atomic<std::uint32_t>;

// Where nothing can be wiped.
constinit Number common_number{1};
// The last number of this process or of one above it; it is not wiped.
constinit std::atomic<std::uint32_t> last_number{0};

Number* make_page() noexcept {
  void* const page = ::mmap(nullptr, page_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return &common_number;
  if (::madvise(page, page_bytes, MADV_WIPEONFORK) == 0) return new (page) Number(0);
  ::munmap(page, page_bytes);
  return &common_number;
}

// No lock: the process may be forked at any moment.
Number* the_page() noexcept {
  Number* page = detail::process_number_page.load(std::memory_order_acquire);
  if (page != nullptr) return page;
  Number* const made = make_page();
  if (detail::process_number_page.compare_exchange_strong(page, made, std::memory_order_acq_rel)) return made;
  if (made != &common_number) ::munmap(made, page_bytes);
  return page;
}

}  // namespace

constinit std::atomic<Number*> detail::process_number_page{nullptr};

std::uint32_t detail::new_process_number() noexcept {
  Number& number = *the_page();
  std::uint32_t present = number.load(std::memory_order_relaxed);
  if (present != 0) return present;
  std::uint32_t fresh = 0;
  while (fresh == 0)
    fresh = last_number.fetch_add(1, std::memory_order_relaxed) + 1;
  return number.compare_exchange_strong(present, fresh, std::memory_order_relaxed) ? fresh : present;
}

}  // namespace cachesite::basics
