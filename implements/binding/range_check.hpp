#pragma once

#include <cachesite/parameter.hpp>

#include <vector>

namespace cachesite::binding {

// Complains of each parameter of some options whose number is outside its declared range, as it would be
// refused in a file. Lists and groups are not looked into.
void check_ranges(const ParameterTable& table, const void* options, std::vector<OptionComplaint>& complaints);
void check_range(const ParameterDeclaration& declaration, const void* options,
                 std::vector<OptionComplaint>& complaints);

}  // namespace cachesite::binding
