#pragma once

#include "answer.hpp"

#include <cachesite/cachesite.hpp>

namespace cachesite::tool {

/// The counters of every cache in the text format of Prometheus, with `parts` of what caches are made of, too; or
/// as JSON, histograms included.
Exit metrics(const ComponentSite& site, bool parts, bool json);
/// The counters of every cache as JSON.
Exit information(const ComponentSite& site);

}  // namespace cachesite::tool
