#pragma once

#include "basics/process_number.hpp"

#include <cstdint>

namespace cachesite::basics {

/// Tells whether the process has been forked since the mark was made, at the cost of a few loads. What a
/// child inherits is left alone: connections and threads are its parent's, a lock may be held by a thread
/// that does not exist in the child, and what the lock guards may be half changed. So whoever has such things
/// asks first.
class ForkMark {
 public:
  ForkMark() noexcept : made_by_(process_number()) {}

  [[nodiscard]] bool forked() const noexcept { return process_number() != made_by_; }

 private:
  std::uint32_t made_by_;
};

}  // namespace cachesite::basics
