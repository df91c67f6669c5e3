#pragma once

#include "reports/exposition.hpp"

#include <cachesite/component_site.hpp>

namespace cachesite::reports {

// The counters of the caches of two tiers, each by the name of the cache.
void add_tiers(Exposition& exposition, const ComponentSite& site);

}  // namespace cachesite::reports
