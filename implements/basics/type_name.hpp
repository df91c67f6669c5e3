#pragma once

#include <string>
#include <typeinfo>

namespace cachesite::basics {

// The name of a type as a program writes it, with its namespaces.
[[nodiscard]] std::string type_name(const std::type_info& type);

}  // namespace cachesite::basics
