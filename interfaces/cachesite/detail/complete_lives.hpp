#pragma once

#include <cachesite/cache_request.hpp>

#include <functional>

namespace cachesite::detail {

/// Called after a read with `lives`: asks for the lives that it has not told, since a layer below knows nothing of
/// them, with a request that `ask` ends. The life of a key without an entry is `absent`.
void complete_lives(const CacheRequest& read, const std::function<void(CacheRequest&)>& ask) noexcept;

}  // namespace cachesite::detail
