#pragma once

#include "basics/file_descriptor.hpp"
#include "basics/fork_mark.hpp"

#include <cstdint>
#include <system_error>

#include <sys/eventfd.h>
#include <unistd.h>

namespace cachesite::basics {

/// A flag that a poll() can wait for. Once raised it stays raised. A forked child cannot raise it: its parent
/// would see it.
class StopSignal {
 public:
  StopSignal() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!event_.valid()) throw std::system_error(errno, std::generic_category(), "eventfd");
  }
  void raise() noexcept {
    if (fork_mark_.forked()) return;
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(event_.get(), &one, sizeof one);
  }
  [[nodiscard]] int descriptor() const noexcept { return event_.get(); }

 private:
  FileDescriptor event_;
  ForkMark fork_mark_;
};

}  // namespace cachesite::basics
