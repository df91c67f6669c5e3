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

}  // namespace cachesite::test
