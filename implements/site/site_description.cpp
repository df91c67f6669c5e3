#include "binding/value_node.hpp"

#include <cachesite/site_description.hpp>

#include <string_view>

namespace cachesite {

namespace {

using binding::add_member;
using binding::list_node;
using binding::map_node;
using binding::text_node;

Node describe_component(const DeclaredComponent& declared, bool reveal_secrets) {
  const ComponentClass& component_class = *declared.component_class;
  Node item = map_node();
  add_member(item, "class", text_node(component_class.name));
  Node entries = list_node();
  for (const auto& name : declared.names) {
    Node entry = map_node();
    add_member(entry, "interface", text_node(name.interface_name));
    if (!name.name.empty()) add_member(entry, "name", text_node(name.name));
    entries.elements.push_back(std::move(entry));
  }
  if (!entries.elements.empty()) add_member(item, "entries", std::move(entries));
  if (declared.lazy) add_member(item, "lazy", binding::boolean_node(true));
  const auto usual = component_class.make_options();
  for (const auto& declaration : component_class.parameters.declarations()) {
    const auto value = declaration.load(declared.options.get());
    const auto usual_value = declaration.load(usual.get());
    if (!declaration.required && value == usual_value) continue;
    add_member(item, declaration.name, binding::changed_value_node(value, usual_value, reveal_secrets));
  }
  return item;
}

}  // namespace

Node describe_component_site(const ComponentSite& site, bool reveal_secrets) {
  Node list = list_node();
  for (const auto& declared : site.declared_components())
    list.elements.push_back(describe_component(declared, reveal_secrets));
  return list;
}

}  // namespace cachesite
