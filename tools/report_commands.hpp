#pragma once

#include "answer.hpp"

#include <cachesite/cachesite.hpp>

namespace cachesite::tool {

/// The counters of every cache in the text format of Prometheus, or as JSON.
Exit metrics(const ComponentSite& site, bool json);
/// The counters of every cache as JSON.
Exit information(const ComponentSite& site);

}  // namespace cachesite::tool
