#pragma once

#include "basics/file_descriptor.hpp"

#include <cerrno>
#include <cstdint>
#include <system_error>

#include <sys/eventfd.h>
#include <unistd.h>

namespace cachesite::redis {

/// Wakes a thread that waits in a poll(), as often as one likes.
class WakeSignal {
 public:
  WakeSignal() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!event_.valid()) throw std::system_error(errno, std::generic_category(), "eventfd");
  }
  void raise() noexcept {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(event_.get(), &one, sizeof one);
  }
  /// True when it was raised since the last call.
  bool take() noexcept {
    std::uint64_t count = 0;
    return ::read(event_.get(), &count, sizeof count) > 0;
  }
  [[nodiscard]] int descriptor() const noexcept { return event_.get(); }

 private:
  basics::FileDescriptor event_;
};

}  // namespace cachesite::redis
