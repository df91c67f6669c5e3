#pragma once

#include "answer.hpp"
#include "cache_commands.hpp"

#include <cachesite/cachesite.hpp>

namespace cachesite::tool {

/// Reads the key once, and prints what is known of it; `no` when there is nothing, `backend_failed` when that cannot be
/// known.
Exit explain_key(const ComponentSite& site, const CacheArguments& request);

}  // namespace cachesite::tool
