#include <cachesite/detail/guarded_call.hpp>

#include <exception>
#include <new>
#include <system_error>

namespace cachesite {

bool is_shortage(const std::error_code& code) noexcept {
  return code == std::errc::resource_unavailable_try_again || code == std::errc::not_enough_memory ||
         code == std::errc::too_many_files_open || code == std::errc::too_many_files_open_in_system;
}

Error thrown_failure(Outcome outcome) noexcept {
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

}  // namespace cachesite
