#pragma once

#include <cachesite/error.hpp>
#include <cachesite/result.hpp>

#include <system_error>

namespace cachesite {

/// True when the system has no memory, thread or descriptor left, for now.
[[nodiscard]] bool is_shortage(const std::error_code& code) noexcept;

/// The failure that the exception which is being handled becomes: std::bad_alloc becomes `no_memory`, and so
/// does what the system says when it has no thread or descriptor to give; any other exception becomes
/// `refused`. With its text, but for std::bad_alloc. To be called in a catch block.
[[nodiscard]] Error thrown_failure(Outcome outcome = Outcome::not_done) noexcept;

/// Makes a call that may throw into one that does not, for interfaces whose run-time errors are results: an
/// exception becomes its `thrown_failure`. `call` returns a Result<T> or what one can be made of.
template <class T, class Call>
Result<T> guarded_call(Call&& call) noexcept {
  try {
    return call();
  } catch (...) {
    return thrown_failure();
  }
}

}  // namespace cachesite
