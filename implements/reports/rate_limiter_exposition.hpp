#pragma once

#include "reports/exposition.hpp"

#include <cachesite/component_site.hpp>

namespace cachesite::reports {

// What rate limiters have allowed and refused.
void add_rate_limiters(Exposition& exposition, const ComponentSite& site);

}  // namespace cachesite::reports
