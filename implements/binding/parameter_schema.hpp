#pragma once

#include <cachesite/document.hpp>
#include <cachesite/parameter.hpp>

#include <string>
#include <string_view>

namespace cachesite::binding {

// A reference to what stands under `$defs`.
[[nodiscard]] Node reference_to(std::string_view definition);
// The definitions that the schemas of parameters refer to, without those of components in place.
void add_parameter_definitions(Node& definitions);
// The definition of a component that stands in place of a reference to the interface.
[[nodiscard]] std::string in_place_definition(std::string_view interface_name);
// The JSON Schema of one parameter's value. `usual` is the default, or null for none.
[[nodiscard]] Node parameter_schema(const ParameterDeclaration& declaration, const ParameterValue* usual);
// Puts a property for each parameter, and for each of its aliases, into `properties`.
void add_properties(Node& properties, const ParameterTable& table, const void* options);
// The names of required parameters that have no other name, as a list; they alone can be demanded.
[[nodiscard]] Node required_names(const ParameterTable& table);

}  // namespace cachesite::binding
