#pragma once

#include "support/shared_object.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

namespace cachesite::test {

/// Numbers in a file that several processes see at once; 0 at first.
template <std::size_t Count>
class SharedNumbers {
 public:
  explicit SharedNumbers(const std::string& path) : numbers_(path) {}

  std::atomic<std::int64_t>& operator[](std::size_t index) { return (*numbers_)[index]; }

 private:
  SharedObject<std::array<std::atomic<std::int64_t>, Count>> numbers_;
};

}  // namespace cachesite::test
