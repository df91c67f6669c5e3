#pragma once

#include <cachesite/error.hpp>
#include <cachesite/result.hpp>

#include <system_error>

namespace cachesite {

/// True when the system has no memory, thread or descriptor left, for now.
[[nodiscard]] bool is_shortage(const std::error_code& code) noexcept;

/// The failure for the current exception: `no_memory` for std::bad_alloc, and for system errors about missing
/// threads or descriptors; `refused` for any other. With its text, except for std::bad_alloc. Call it in a
/// catch block.
[[nodiscard]] Error thrown_failure(Outcome outcome = Outcome::not_done) noexcept;

/// Makes a call that may throw into one that does not, for interfaces whose run-time errors are results: an
/// exception becomes its `thrown_failure`. `call` returns a Result<T> or what one can be made of. `outcome`: of
/// a call that throws; `unknown` for one that may have taken effect by then.
template <class T, class Call>
Result<T> guarded_call(Call&& call, Outcome outcome = Outcome::not_done) noexcept {
  try {
    return call();
  } catch (...) {
    return thrown_failure(outcome);
  }
}

}  // namespace cachesite
