#pragma once

#include <cstddef>
#include <new>

#include <sys/mman.h>

namespace cachesite::basics {

/// Numbers that begin as 0, and are 0 again in a child that the process forks, as far as the system can do that
/// (madvise(2), MADV_WIPEONFORK). Who holds a reference to one need not ask whether the process was forked.
template <class Number>
class ZeroedByFork {
 public:
  explicit ZeroedByFork(std::size_t count) : bytes_(count * sizeof(Number)) {
    void* const memory = ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    (void)::madvise(memory, bytes_, MADV_WIPEONFORK);
    numbers_ = static_cast<Number*>(memory);
    for (std::size_t index = 0; index < count; ++index)
      new (numbers_ + index) Number(0);
  }
  ~ZeroedByFork() { ::munmap(numbers_, bytes_); }
  ZeroedByFork(const ZeroedByFork&) = delete;
  ZeroedByFork& operator=(const ZeroedByFork&) = delete;

  [[nodiscard]] Number& operator[](std::size_t index) noexcept { return numbers_[index]; }
  [[nodiscard]] const Number& operator[](std::size_t index) const noexcept { return numbers_[index]; }

 private:
  const std::size_t bytes_;
  Number* numbers_ = nullptr;
};

}  // namespace cachesite::basics
