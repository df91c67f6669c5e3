#pragma once

#include "reports/exposition.hpp"

#include <cachesite/component_site.hpp>

namespace cachesite::reports {

// What components say of the Redis servers that they talk to.
void add_redis_endpoints(Exposition& exposition, const ComponentSite& site);

}  // namespace cachesite::reports
