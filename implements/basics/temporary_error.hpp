#pragma once

#include <cachesite/error.hpp>

namespace cachesite::basics {

/// True for a failure that may be over the next time: the server is away, slow, or starting.
[[nodiscard]] bool is_temporary(const Error& error) noexcept;

}  // namespace cachesite::basics
