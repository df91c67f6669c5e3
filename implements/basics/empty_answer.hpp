#pragma once

#include <cachesite/cache_request.hpp>

#include <cstddef>

namespace cachesite::basics {

// Ends a request, or an item of a batch, as a cache without entries does. A counter begins anew.
void answer_as_empty(CacheRequest& request) noexcept;
void answer_as_empty(const CacheRequest& batch, std::size_t item) noexcept;

}  // namespace cachesite::basics
