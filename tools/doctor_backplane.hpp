#pragma once

#include "findings.hpp"

#include <cachesite/cachesite.hpp>

#include <string>

namespace cachesite::tool {

/// Looks whether messages on the channel of a RedisBackplane come back, whether changes by another process are heard,
/// and what its user may not do. Publishes changes of keys `__cachesite_doctor__:...`.
void examine_backplane(const ComponentSite& site, const std::string& name, const DeclaredComponent& declared,
                       Findings& findings);

}  // namespace cachesite::tool
