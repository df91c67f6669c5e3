#pragma once

#include "reports/exposition.hpp"

#include <cachesite/component_site.hpp>

namespace cachesite::reports {

// The counters of the caches that compute values, each by the name of the cache.
void add_computing(Exposition& exposition, const ComponentSite& site);

}  // namespace cachesite::reports
