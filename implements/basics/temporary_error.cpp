#include "basics/temporary_error.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace cachesite::basics {

bool is_temporary(const Error& error) noexcept {
  switch (error.code()) {
    case ErrorCode::timeout:
    case ErrorCode::unreachable:
    case ErrorCode::protocol:
    case ErrorCode::no_memory:
      return true;
    case ErrorCode::refused: {
      constexpr std::array<std::string_view, 7> passing{"LOADING",    "READONLY", "MASTERDOWN", "CLUSTERDOWN",
                                                        "NOREPLICAS", "BUSY ",    "TRYAGAIN"};
      return std::any_of(passing.begin(), passing.end(),
                         [&](std::string_view word) { return error.message().starts_with(word); });
    }
    case ErrorCode::unsupported:
    case ErrorCode::not_computed:
    case ErrorCode::bad_argument:
    case ErrorCode::too_large:
    case ErrorCode::corrupt:
    case ErrorCode::closed:
      return false;
  }
  return false;
}

}  // namespace cachesite::basics
