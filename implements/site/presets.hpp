#pragma once

#include <cachesite/component_site.hpp>
#include <cachesite/detail/component_class.hpp>

#include <vector>

namespace cachesite::site {

// What options have from the name of their class alone is their default again where it does not go with the
// rest, such as a timeout beside the name of a connection that has its own.
void leave_out_unfitting_presets(const ComponentClass& component_class, void* options,
                                 std::vector<ParameterOrigin>& origins);

}  // namespace cachesite::site
