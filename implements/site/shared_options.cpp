#include "site/shared_options.hpp"

#include "basics/type_name.hpp"
#include "binding/parameter_schema.hpp"
#include "binding/value_node.hpp"

#include <set>
#include <utility>

namespace cachesite::site {

namespace {

using binding::add_member;
using binding::map_node;

// Whether a reference may hold the name as it is.
bool needs_no_escapes(std::string_view name) {
  constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_:";
  return !name.empty() && name.find_first_not_of(plain) == std::string_view::npos;
}

// The name of the struct; empty for one that no reference can name.
std::string struct_of(const ParameterDeclaration& declaration) {
  if (!declaration.declared_in) return {};
  auto name = basics::type_name(*declaration.declared_in);
  if (constexpr std::string_view own = "cachesite::"; name.starts_with(own)) name.erase(0, own.size());
  return needs_no_escapes(name) ? name : std::string();
}

std::set<std::string> structs_of(const ParameterTable& table) {
  std::set<std::string> names;
  for (const auto& declaration : table.declarations())
    names.insert(struct_of(declaration));
  names.erase(std::string());
  return names;
}

}  // namespace

SharedOptions::SharedOptions(const Catalog& catalog) {
  std::map<std::string, int> classes_with;
  for (const auto& component_class : catalog.classes())
    for (const auto& name : structs_of(component_class->parameters))
      if (++classes_with[name] == 2) properties_.emplace(name, map_node());
  for (const auto& component_class : catalog.classes())
    define(component_class->parameters, component_class->make_options().get());
}

void SharedOptions::define(const ParameterTable& table, const void* options) {
  for (const auto& declaration : table.declarations()) {
    const auto found = properties_.find(struct_of(declaration));
    if (found != properties_.end() && !found->second.find(declaration.name))
      binding::add_properties(found->second, {declaration}, options);
  }
}

void SharedOptions::add_properties(Node& properties, const ParameterTable& table, const void* options) const {
  for (const auto& declaration : table.declarations()) {
    Node own = map_node();
    binding::add_properties(own, {declaration}, options);
    for (const auto& property : own.members)
      add_member(properties, property.key, shared(declaration, property));
  }
}

Node SharedOptions::shared(const ParameterDeclaration& declaration, const NodeMember& property) const {
  const auto found = properties_.find(struct_of(declaration));
  const Node* same = found == properties_.end() ? nullptr : found->second.find(property.key);
  if (!same || !(*same == property.value) || !needs_no_escapes(property.key)) return property.value;
  return binding::reference_to("options:" + found->first + "/properties/" + property.key);
}

void SharedOptions::add_definitions(Node& definitions) const {
  for (const auto& [name, properties] : properties_) {
    Node definition = map_node();
    add_member(definition, "properties", properties);
    add_member(definitions, "options:" + name, std::move(definition));
  }
}

}  // namespace cachesite::site
