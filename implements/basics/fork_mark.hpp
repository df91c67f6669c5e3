#pragma once

#include <cstddef>

#include <sys/mman.h>
#include <unistd.h>

namespace cachesite::basics {

/// Tells whether the process has been forked since the mark was made, at the cost of one load: the system
/// empties the mark's page in the child.
class ForkMark {
 public:
  ForkMark() noexcept : size_(static_cast<std::size_t>(::sysconf(_SC_PAGESIZE))) {
    void* const page = ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) return;
    if (::madvise(page, size_, MADV_WIPEONFORK) != 0) {
      ::munmap(page, size_);
      return;
    }
    mark_ = static_cast<volatile char*>(page);
    *mark_ = 1;
  }
  ~ForkMark() {
    if (mark_ != nullptr) ::munmap(const_cast<char*>(mark_), size_);
  }
  ForkMark(const ForkMark&) = delete;
  ForkMark& operator=(const ForkMark&) = delete;

  [[nodiscard]] bool forked() const noexcept { return mark_ != nullptr && *mark_ == 0; }

 private:
  std::size_t size_;
  volatile char* mark_ = nullptr;
};

}  // namespace cachesite::basics
