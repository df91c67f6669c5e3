#pragma once

#include <cachesite/error.hpp>

#include <exception>
#include <string>

namespace cachesite::redis {

/// The failure with the place where it happened in front of its sentence; without memory for that, as it is.
[[nodiscard]] inline Error placed_error(const std::string& place, ErrorCode code,
                                        const Error& failure) noexcept {
  try {
    return Error(code, place + ": " + std::string(failure.message()), failure.outcome());
  } catch (const std::exception&) {
    return Error(code, "", failure.outcome());
  }
}

}  // namespace cachesite::redis
