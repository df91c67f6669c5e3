#pragma once

#include <cachesite/error.hpp>
#include <cachesite/result.hpp>

#include <exception>
#include <new>

namespace cachesite {

/// Makes a call that may throw into one that does not, for interfaces whose run-time errors are results:
/// std::bad_alloc becomes `no_memory`, any other exception `refused` with its text. `call` returns a
/// Result<T> or what one can be made of.
template <class T, class Call>
Result<T> guarded_call(Call&& call) noexcept {
  try {
    return call();
  } catch (const std::bad_alloc&) {
    return Error(ErrorCode::no_memory);
  } catch (const std::exception& failure) {
    return Error(ErrorCode::refused, failure.what());
  } catch (...) {
    return Error(ErrorCode::refused, "something was thrown that is no std::exception");
  }
}

}  // namespace cachesite
