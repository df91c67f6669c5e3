#include "binding/component_name.hpp"
#include "binding/value_node.hpp"

#include <cachesite/config.hpp>
#include <cachesite/logical_cache.hpp>
#include <cachesite/site_reports.hpp>

#include <algorithm>
#include <string>

namespace cachesite {

namespace {

using binding::add_member;
using binding::list_node;
using binding::map_node;
using binding::text_node;

std::string label_of(const DeclaredComponent& declared) {
  if (!declared.in_place.empty())
    return declared.component_class->name + " \"" + std::string(binding::shown_name(declared.in_place)) +
           "\"";
  for (const auto& name : declared.names)
    if (!name.name.empty()) return declared.component_class->name + " \"" + name.name + "\"";
  return declared.component_class->name;
}

bool has_name(const DeclaredComponent& declared, std::string_view interface_name, std::string_view name) {
  return std::any_of(declared.names.begin(), declared.names.end(), [&](const auto& each) {
    return each.name == name && (interface_name.empty() || each.interface_name == interface_name);
  });
}

bool is_meant(const DeclaredComponent& declared, const ComponentDependency& dependency) {
  return declared.in_place.empty() ? has_name(declared, dependency.interface_name, dependency.name)
                                   : declared.in_place == dependency.name;
}

bool refers_to(const DeclaredComponent& declared, const DeclaredComponent& other) {
  const auto& dependencies = declared.dependencies;
  return std::any_of(dependencies.begin(), dependencies.end(),
                     [&](const auto& dependency) { return is_meant(other, dependency); });
}

void add_state(Node& map, const std::shared_ptr<IComponent>& component) {
  if (!component) {
    add_member(map, "state", text_node("not made yet"));
    return;
  }
  const auto health = component->health();
  add_member(map, "state", text_node(to_string(health.state)));
  if (!health.reason.empty()) add_member(map, "reason", text_node(health.reason));
}

Node names_node(const std::vector<DeclaredComponent::Name>& names) {
  Node list = list_node();
  for (const auto& name : names) {
    Node entry = map_node();
    add_member(entry, "interface", text_node(name.interface_name));
    add_member(entry, "name", text_node(name.name));
    list.elements.push_back(std::move(entry));
  }
  return list;
}

Node dependencies_node(const DeclaredComponent& declared, const std::vector<DeclaredComponent>& all) {
  Node list = list_node();
  for (const auto& dependency : declared.dependencies) {
    Node node = map_node();
    add_member(node, "parameter", text_node(dependency.parameter));
    add_member(node, "interface", text_node(dependency.interface_name));
    add_member(node, "name", text_node(binding::shown_name(dependency.name)));
    for (const auto& other : all)
      if (is_meant(other, dependency)) {
        add_member(node, "class", text_node(other.component_class->name));
        add_state(node, other.component);
      }
    list.elements.push_back(std::move(node));
  }
  return list;
}

Node dependants_node(const DeclaredComponent& declared, const std::vector<DeclaredComponent>& all) {
  Node list = list_node();
  for (const auto& other : all)
    if (refers_to(other, declared)) list.elements.push_back(text_node(label_of(other)));
  return list;
}

std::string origin_text(const ParameterOrigin& origin) {
  switch (origin.kind) {
    case ParameterOrigin::Kind::file:
    case ParameterOrigin::Kind::session:
      return origin.where;
    case ParameterOrigin::Kind::defaults:
      return origin.where + " (defaults)";
    case ParameterOrigin::Kind::alias:
      return "the class name " + origin.where;
  }
  return origin.where;
}

bool reads_session(const DeclaredComponent& declared) {
  const auto& dependencies = declared.dependencies;
  return declared.component_class->session(declared.options.get()) &&
         std::any_of(dependencies.begin(), dependencies.end(), [](const auto& dependency) {
           return dependency.interface_name == IConfig::interface_name;
         });
}

// Of a cache that is made of parts, from the outermost on.
Node parts_node(const LogicalCache& cache) {
  Node list = list_node();
  for (const auto& part : cache.parts()) {
    Node node = map_node();
    add_member(node, "part", text_node(part.name));
    add_member(node, "class", text_node(part.class_name));
    list.elements.push_back(std::move(node));
  }
  return list;
}

Node parameters_node(const DeclaredComponent& declared) {
  Node list = list_node();
  for (const auto& declaration : declared.component_class->parameters.declarations()) {
    Node node = map_node();
    add_member(node, "name", text_node(declaration.name));
    add_member(node, "value", binding::value_node(declaration.load(declared.effective_options.get()), false));
    const auto origin = std::find_if(declared.origins.begin(), declared.origins.end(),
                                     [&](const auto& each) { return each.parameter == declaration.name; });
    add_member(node, "from", text_node(origin == declared.origins.end() ? "default" : origin_text(*origin)));
    list.elements.push_back(std::move(node));
  }
  return list;
}

Node component_node(const DeclaredComponent& declared, const std::vector<DeclaredComponent>& all) {
  Node node = map_node();
  add_member(node, "class", text_node(declared.component_class->name));
  if (!declared.in_place.empty())
    add_member(node, "in_place", text_node(binding::shown_name(declared.in_place)));
  add_member(node, "entries", names_node(declared.names));
  add_member(node, "declared", text_node(declared.place));
  if (declared.lazy) add_member(node, "lazy", binding::boolean_node(true));
  if (declared.optional) add_member(node, "optional", binding::boolean_node(true));
  add_state(node, declared.component);
  if (!declared.component && reads_session(declared))
    add_member(node, "reason", text_node("its settings of a configuration are read at the first lookup"));
  add_member(node, "depends_on", dependencies_node(declared, all));
  add_member(node, "needed_by", dependants_node(declared, all));
  if (const auto* const cache = dynamic_cast<const LogicalCache*>(declared.component.get()))
    add_member(node, "parts", parts_node(*cache));
  add_member(node, "parameters", parameters_node(declared));
  return node;
}

// A component, and behind it what stands in place of its references.
void add_component(Node& list, const DeclaredComponent& declared, const std::vector<DeclaredComponent>& all) {
  list.elements.push_back(component_node(declared, all));
  for (const auto& dependency : declared.dependencies)
    for (const auto& other : all)
      if (!other.in_place.empty() && other.in_place == dependency.name) add_component(list, other, all);
}

}  // namespace

Node explain_component(const ComponentSite& site, std::string_view name) {
  const auto all = site.declared_components();
  Node list = list_node();
  for (const auto& declared : all)
    if (has_name(declared, {}, name) ||
        (!declared.in_place.empty() && binding::shown_name(declared.in_place) == name))
      add_component(list, declared, all);
  return list;
}

}  // namespace cachesite
