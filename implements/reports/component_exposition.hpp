#pragma once

#include "reports/exposition.hpp"

#include <cachesite/component_site.hpp>

namespace cachesite::reports {

// What the components of the program tell of themselves. Throws std::invalid_argument for a name that is
// none, and for one that means a counter here and a gauge there.
void add_components(Exposition& exposition, const ComponentSite& site);

}  // namespace cachesite::reports
