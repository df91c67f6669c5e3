#pragma once

#include <cachesite/error.hpp>
#include <cachesite/result.hpp>

#include <exception>
#include <new>
#include <system_error>

namespace cachesite {

/// True when the system has no memory, thread or descriptor left, for now.
[[nodiscard]] inline bool is_shortage(const std::error_code& code) noexcept {
  return code == std::errc::resource_unavailable_try_again || code == std::errc::not_enough_memory ||
         code == std::errc::too_many_files_open || code == std::errc::too_many_files_open_in_system;
}

/// The failure for the current exception: `no_memory` for std::bad_alloc, and for system errors about missing
/// threads or descriptors; `refused` for any other. With its text, except for std::bad_alloc. Call it in a
/// catch block.
[[nodiscard]] inline Error thrown_failure(Outcome outcome = Outcome::not_done) noexcept {
  try {
    throw;
  } catch (const std::bad_alloc&) {
    return Error(ErrorCode::no_memory, "", outcome);
  } catch (const std::system_error& failure) {
    const bool shortage = is_shortage(failure.code());
    return Error(shortage ? ErrorCode::no_memory : ErrorCode::refused, failure.what(), outcome);
  } catch (const std::exception& failure) {
    return Error(ErrorCode::refused, failure.what(), outcome);
  } catch (...) {
    return Error(ErrorCode::refused, "something was thrown that is no std::exception", outcome);
  }
}

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
