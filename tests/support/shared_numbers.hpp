#pragma once

#include "support/file_descriptor.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace cachesite::test {

/// Numbers in a file that several processes see at once; 0 at first.
template <std::size_t Count>
class SharedNumbers {
 public:
  explicit SharedNumbers(const std::string& path) {
    const FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    void* memory = MAP_FAILED;
    if (file.get() >= 0 && ::ftruncate(file.get(), size) == 0)
      memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
    if (memory == MAP_FAILED) throw std::runtime_error("no shared numbers in " + path);
    numbers_ = static_cast<std::atomic<std::int64_t>*>(memory);
  }
  ~SharedNumbers() { ::munmap(numbers_, size); }
  SharedNumbers(const SharedNumbers&) = delete;
  SharedNumbers& operator=(const SharedNumbers&) = delete;

  std::atomic<std::int64_t>& operator[](std::size_t index) { return numbers_[index]; }

 private:
  static constexpr std::size_t size = Count * sizeof(std::atomic<std::int64_t>);

  std::atomic<std::int64_t>* numbers_;
};

}  // namespace cachesite::test
