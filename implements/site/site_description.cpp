#include "binding/value_node.hpp"

#include <cachesite/site_reports.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite {

namespace {

using binding::add_member;
using binding::list_node;
using binding::map_node;
using binding::text_node;

Node describe_component(const DeclaredComponent& declared, const std::vector<DeclaredComponent>& all,
                        bool reveal_secrets) {
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
  if (declared.lazy && declared.in_place.empty()) add_member(item, "lazy", binding::boolean_node(true));
  if (declared.optional) add_member(item, "optional", binding::boolean_node(true));
  const auto in_place = [&](const std::string& name) -> std::optional<Node> {
    const auto found = std::find_if(all.begin(), all.end(), [&](const DeclaredComponent& other) {
      return !name.empty() && other.in_place == name;
    });
    if (found == all.end()) return std::nullopt;
    return describe_component(*found, all, reveal_secrets);
  };
  const auto usual = component_class.make_options();
  for (const auto& declaration : component_class.parameters.declarations()) {
    const auto value = declaration.load(declared.options.get());
    const auto usual_value = declaration.load(usual.get());
    if (!declaration.required && value == usual_value) continue;
    add_member(item, declaration.name,
               binding::changed_value_node(value, usual_value, reveal_secrets, in_place));
  }
  return item;
}

}  // namespace

Node describe_component_site(const ComponentSite& site, bool reveal_secrets) {
  Node list = list_node();
  const auto all = site.declared_components();
  for (const auto& declared : all)
    if (declared.in_place.empty()) list.elements.push_back(describe_component(declared, all, reveal_secrets));
  return list;
}

}  // namespace cachesite
