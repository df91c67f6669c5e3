#pragma once

#include <functional>
#include <string>
#include <thread>

namespace cachesite::test {

/// Prefix of the names of all threads that the support itself runs; `thread_count()` leaves them out.
inline constexpr const char* support_thread_prefix = "support/";

/// Starts a thread named "support/`name`" (at most 7 characters are kept) and returns once it carries that
/// name.
std::thread start_support_thread(const std::string& name, std::function<void()> body);

/// On a thread that `start_support_thread` has started, and within a `Spared`. What is made to fail on
/// purpose spares it.
inline thread_local bool is_support_thread = false;

/// Makes a thread count as one of the support, until the end of the scope.
struct Spared {
  Spared() noexcept { is_support_thread = true; }
  ~Spared() { is_support_thread = before; }
  Spared(const Spared&) = delete;
  Spared& operator=(const Spared&) = delete;
  const bool before = is_support_thread;
};

/// On a thread that is about to start one of them.
inline thread_local bool starts_support_thread = false;

}  // namespace cachesite::test
