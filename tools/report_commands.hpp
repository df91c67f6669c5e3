#pragma once

#include "answer.hpp"

#include <cachesite/cachesite.hpp>

namespace cachesite::tool {

/// The counters of every cache in the text format of Prometheus.
Exit metrics(const ComponentSite& site, bool in_place);
/// The counters of every cache as JSON.
Exit information(const ComponentSite& site);

}  // namespace cachesite::tool
