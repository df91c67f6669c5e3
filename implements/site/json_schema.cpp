#include "binding/parameter_schema.hpp"
#include "binding/value_node.hpp"
#include "site/item_settings.hpp"
#include "site/shared_options.hpp"

#include <cachesite/site_reports.hpp>

#include <algorithm>
#include <initializer_list>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace cachesite {

namespace {

using binding::add_member;
using binding::list_node;
using binding::map_node;
using binding::reference_to;
using binding::text_node;

Node map_of(std::initializer_list<std::pair<std::string_view, Node>> members) {
  Node map = map_node();
  for (const auto& [key, value] : members)
    add_member(map, key, value);
  return map;
}

Node names_of(const ComponentClass& component_class) {
  Node names = list_node();
  names.elements.push_back(text_node(component_class.name));
  for (const auto& alias : component_class.aliases)
    names.elements.push_back(text_node(alias.name));
  return names;
}

// Classes with the same interfaces have their entries in common.
std::string entries_definition(const ComponentClass& component_class) {
  std::string name = "entries";
  for (const auto& provided : component_class.interfaces)
    name.append(name == "entries" ? ":" : ",").append(provided.id.name);
  return name;
}

Node entries_schema(const Catalog& catalog, const ComponentClass& component_class) {
  Node interfaces = list_node();
  for (const auto& provided : component_class.interfaces) {
    interfaces.elements.push_back(text_node(provided.id.name));
    for (const auto& [alias, name] : catalog.interface_aliases())
      if (name == provided.id.name) interfaces.elements.push_back(text_node(alias));
  }
  const Node entry = map_of({
      {"type", text_node("object")},
      {"properties",
       map_of({{"interface", map_of({{"anyOf", list_node({map_of({{"enum", std::move(interfaces)}}),
                                                          reference_to("substitution")})}})},
               {"name", reference_to("name")}})},
      {"required", list_node({text_node("interface")})},
      {"additionalProperties", binding::boolean_node(false)},
  });
  return map_of({{"type", text_node("array")},
                 {"items", entry},
                 {"description", text_node("The names under which the component is found.")}});
}

Node short_form_schema() {
  return map_of(
      {{"allOf", list_node({reference_to("name")})},
       {"description", text_node("The name under which every interface of the component is found.")}});
}

// A component that stands in place of a reference to the interface: nobody else has a name for it.
Node in_place_schema(const Catalog& catalog, std::string_view interface_name) {
  Node names = list_node();
  for (const auto& component_class : catalog.classes())
    if (component_class->find_interface(interface_name))
      for (auto& name : names_of(*component_class).elements)
        names.elements.push_back(std::move(name));
  return map_of({{"allOf", list_node({reference_to("component")})},
                 {"properties", map_of({{"class", map_of({{"enum", std::move(names)}})},
                                        {"entries", binding::boolean_node(false)},
                                        {"name", binding::boolean_node(false)},
                                        {"lazy", binding::boolean_node(false)},
                                        {"optional", binding::boolean_node(false)}})},
                 {"description", text_node("A component that stands here in place of its name.")}});
}

void add_referred_interfaces(const ParameterTable& table, std::set<std::string>& names) {
  for (const auto& declaration : table.declarations())
    for (const auto* single : {&declaration, declaration.element.get()}) {
      if (!single) continue;
      if (!single->interface_name.empty()) names.insert(single->interface_name);
      if (single->group) add_referred_interfaces(*single->group, names);
    }
}

Node class_schema(const ComponentClass& component_class, const site::SharedOptions& shared) {
  const auto options = component_class.make_options();
  Node class_name = map_of({{"enum", names_of(component_class)}});
  if (!component_class.text.empty()) add_member(class_name, "description", text_node(component_class.text));
  Node properties = map_of(
      {{"class", std::move(class_name)}, {"entries", reference_to(entries_definition(component_class))}});
  const bool has_short_form = !component_class.parameters.find("name");
  if (has_short_form) add_member(properties, "name", short_form_schema());
  const auto settings = site::ItemSettings::parameters();
  for (const auto& setting : settings.declarations())
    if (!component_class.parameters.find(setting.name))
      add_member(properties, setting.name, reference_to("settings/properties/" + setting.name));
  shared.add_properties(properties, component_class.parameters, options.get());
  Node schema = map_of({{"type", text_node("object")},
                        {"properties", std::move(properties)},
                        {"additionalProperties", binding::boolean_node(false)}});
  if (has_short_form)
    add_member(schema, "not", map_of({{"required", list_node({text_node("name"), text_node("entries")})}}));
  return schema;
}

Node settings_schema() {
  const site::ItemSettings settings;
  Node properties = map_node();
  binding::add_properties(properties, site::ItemSettings::parameters(), &settings);
  return map_of({{"properties", std::move(properties)}});
}

Node no_component() {
  return map_of(
      {{"not", map_of({{"type", text_node("object")}, {"required", list_node({text_node("class")})}})}});
}

// Defaults give parameters of the class, and nothing else that a component has; they declare no components.
Node parameters_only(const Catalog& catalog) {
  Node properties =
      map_of({{"class", binding::boolean_node(false)}, {"entries", binding::boolean_node(false)}});
  const auto& classes = catalog.classes();
  if (std::none_of(classes.begin(), classes.end(),
                   [](const auto& each) { return each->parameters.find("name") != nullptr; }))
    add_member(properties, "name", binding::boolean_node(false));
  const auto settings = site::ItemSettings::parameters();
  for (const auto& setting : settings.declarations())
    add_member(properties, setting.name, binding::boolean_node(false));
  Node value = no_component();
  add_member(value, "items", no_component());
  return map_of({{"properties", std::move(properties)}, {"additionalProperties", std::move(value)}});
}

Node defaults_schema(const Catalog& catalog) {
  Node classes = map_node();
  for (const auto& component_class : catalog.classes())
    for (const auto& name : names_of(*component_class).elements)
      add_member(classes, name.scalar, reference_to("class:" + component_class->name));
  return map_of({{"type", text_node("object")},
                 {"description", text_node("Parameters by class for the components of this file.")},
                 {"properties", std::move(classes)},
                 {"additionalProperties", binding::boolean_node(false)},
                 {"allOf", list_node({map_of({{"additionalProperties", parameters_only(catalog)}})})}});
}

bool presets(const ClassAlias& alias, std::string_view parameter) {
  return std::any_of(alias.presets.begin(), alias.presets.end(),
                     [parameter](const auto& preset) { return preset.first == parameter; });
}

// The names of the class by which a component has to give the parameter itself.
Node names_without_preset(const ComponentClass& component_class, std::string_view parameter) {
  Node names = list_node({text_node(component_class.name)});
  for (const auto& alias : component_class.aliases)
    if (!presets(alias, parameter)) names.elements.push_back(text_node(alias.name));
  return names;
}

// What a component has to give where there are no defaults that could.
Node complete_schema(const Catalog& catalog) {
  Node rules = list_node();
  for (const auto& component_class : catalog.classes())
    for (const auto& parameter : binding::required_names(component_class->parameters).elements)
      rules.elements.push_back(map_of(
          {{"if", map_of({{"properties",
                           map_of({{"class", map_of({{"enum", names_without_preset(*component_class,
                                                                                   parameter.scalar)}})}})},
                          {"required", list_node({text_node("class")})}})},
           {"then", map_of({{"required", list_node({parameter})}})}}));
  return map_of({{"allOf", std::move(rules)}});
}

Node component_schema(const Catalog& catalog) {
  Node names = list_node();
  Node rules = list_node();
  for (const auto& component_class : catalog.classes()) {
    const Node own_names = names_of(*component_class);
    names.elements.insert(names.elements.end(), own_names.elements.begin(), own_names.elements.end());
    rules.elements.push_back(
        map_of({{"if", map_of({{"properties", map_of({{"class", map_of({{"enum", own_names}})}})},
                               {"required", list_node({text_node("class")})}})},
                {"then", reference_to("class:" + component_class->name)}}));
  }
  return map_of({{"type", text_node("object")},
                 {"required", list_node({text_node("class")})},
                 {"properties", map_of({{"class", map_of({{"enum", std::move(names)}})}})},
                 {"allOf", std::move(rules)}});
}

Node complete_components() {
  return map_of({{"items", reference_to("complete")}});
}

Node sections_schema(const Catalog& catalog) {
  return map_of(
      {{"type", text_node("object")},
       {"anyOf", list_node({map_of({{"required", list_node({text_node("components")})}}),
                            map_of({{"required", list_node({text_node("include")})}})})},
       {"properties",
        map_of({{"components", reference_to("components")},
                {"include", map_of({{"description", text_node("Files that are read before this one.")},
                                    {"type", list_node({text_node("string"), text_node("array")})},
                                    {"items", map_of({{"type", text_node("string")}})}})},
                {"defaults", defaults_schema(catalog)}})},
       {"if", map_of({{"required", list_node({text_node("defaults")})}})},
       {"else", map_of({{"properties", map_of({{"components", complete_components()}})}})},
       {"additionalProperties", binding::boolean_node(false)}});
}

}  // namespace

Node json_schema(const Catalog& catalog) {
  Node definitions = map_of({
      {"name",
       map_of({{"anyOf", list_node({map_of({{"type", text_node("string")},
                                            {"pattern", text_node("^[A-Za-z0-9_.-]{0,64}$")}}),
                                    map_of({{"type", text_node("number")}}), reference_to("substitution")})},
               {"description",
                text_node("Letters, digits, _, . and -. Without a name it is the unnamed component.")}})},
      {"components", map_of({{"type", text_node("array")}, {"items", reference_to("component")}})},
      {"component", component_schema(catalog)},
      {"complete", complete_schema(catalog)},
  });
  binding::add_parameter_definitions(definitions);
  add_member(definitions, "settings", settings_schema());
  const site::SharedOptions shared(catalog);
  shared.add_definitions(definitions);
  for (const auto& component_class : catalog.classes())
    if (const auto entries = entries_definition(*component_class); !definitions.find(entries))
      add_member(definitions, entries, entries_schema(catalog, *component_class));
  for (const auto& component_class : catalog.classes())
    add_member(definitions, "class:" + component_class->name, class_schema(*component_class, shared));
  std::set<std::string> referred;
  for (const auto& component_class : catalog.classes())
    add_referred_interfaces(component_class->parameters, referred);
  for (const auto& interface_name : referred)
    add_member(definitions, binding::in_place_definition(interface_name),
               in_place_schema(catalog, interface_name));
  return map_of(
      {{"$schema", text_node("https://json-schema.org/draft/2020-12/schema")},
       {"title", text_node("Component file")},
       {"oneOf",
        list_node({map_of({{"allOf", list_node({reference_to("components"), complete_components()})}}),
                   sections_schema(catalog)})},
       {"$defs", std::move(definitions)}});
}

}  // namespace cachesite
