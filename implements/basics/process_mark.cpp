#include "basics/process_mark.hpp"

#include <new>

#include <sys/mman.h>
#include <unistd.h>

namespace cachesite::basics {

namespace {

constexpr std::size_t page_bytes = 4096;

}  // namespace

ProcessMark::ProcessMark() noexcept {
  void* page = ::mmap(nullptr, page_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return;
  if (::madvise(page, page_bytes, MADV_WIPEONFORK) != 0) {
    ::munmap(page, page_bytes);
    return;
  }
  mark_ = new (page) std::atomic<std::uint32_t>(0);
}

ProcessMark::~ProcessMark() {
  if (mark_ != &fixed_) ::munmap(mark_, page_bytes);
}

std::uint32_t ProcessMark::renew() const noexcept {
  const auto mark = static_cast<std::uint32_t>(::getpid());
  mark_->store(mark, std::memory_order_relaxed);
  return mark;
}

}  // namespace cachesite::basics
