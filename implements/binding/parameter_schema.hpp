#pragma once

#include <cachesite/document.hpp>
#include <cachesite/parameter.hpp>

namespace cachesite::binding {

// The JSON Schema of one parameter's value; it refers to `#/$defs/substitution`. `usual` is the default, or
// null for none.
[[nodiscard]] Node parameter_schema(const ParameterDeclaration& declaration, const ParameterValue* usual);
// Puts a property for each parameter, and for each of its aliases, into `properties`.
void add_properties(Node& properties, const ParameterTable& table, const void* options);
// The names of required parameters that have no other name, as a list; they alone can be demanded.
[[nodiscard]] Node required_names(const ParameterTable& table);

}  // namespace cachesite::binding
