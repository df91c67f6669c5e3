#pragma once

#include <cachesite/catalog.hpp>

namespace cachesite {

void add_builtin_components(Catalog& catalog);

}  // namespace cachesite
