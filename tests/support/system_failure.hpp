#pragma once

#include <cerrno>
#include <string>
#include <system_error>

namespace cachesite::test {

/// The exception for a system call that failed just now (reads `errno`).
inline std::system_error system_failure(const std::string& action) {
  return std::system_error(errno, std::generic_category(), action);
}

}  // namespace cachesite::test
