#include "binding/expectation.hpp"
#include "binding/value_node.hpp"

#include <cachesite/site_reports.hpp>

namespace cachesite {

namespace {

using binding::add_member;
using binding::list_node;
using binding::map_node;
using binding::text_node;

Node texts(const std::vector<std::string>& values) {
  Node list = list_node();
  for (const auto& value : values)
    list.elements.push_back(text_node(value));
  return list;
}

Node describe_table(const ParameterTable& table, const void* options);

Node describe_group(const ParameterDeclaration& declaration) {
  const auto options = declaration.make_group ? declaration.make_group() : nullptr;
  return describe_table(*declaration.group, options.get());
}

Node describe_parameter(const ParameterDeclaration& declaration, const void* options) {
  const auto kind = declaration.kind;
  const auto bounded = kind == ParameterKind::list ? declaration.element->kind : kind;
  Node node = map_node();
  add_member(node, "name", text_node(declaration.name));
  add_member(node, "type", text_node(binding::kind_word(kind)));
  if (kind == ParameterKind::list)
    add_member(node, "elements", text_node(binding::kind_word(declaration.element->kind)));
  if (!declaration.computed_default.empty())
    add_member(node, "computed_default", text_node(declaration.computed_default));
  else if (options && !declaration.required && kind != ParameterKind::group)
    add_member(node, "default", binding::value_node(declaration.load(options), false));
  if (!declaration.text.empty()) add_member(node, "text", text_node(declaration.text));
  if (!declaration.unit.empty()) add_member(node, "unit", text_node(declaration.unit));
  if (declaration.least && binding::restricts(bounded, *declaration.least))
    add_member(node, "least", binding::bound_node(declaration, *declaration.least));
  if (declaration.most && binding::restricts(bounded, *declaration.most))
    add_member(node, "most", binding::bound_node(declaration, *declaration.most));
  if (!declaration.choices.empty()) add_member(node, "choices", texts(declaration.choices));
  const auto& interface_name =
      kind == ParameterKind::list ? declaration.element->interface_name : declaration.interface_name;
  if (!interface_name.empty()) add_member(node, "interface", text_node(interface_name));
  if (!declaration.aliases.empty()) add_member(node, "aliases", texts(declaration.aliases));
  if (declaration.nullable && binding::takes_null(declaration))
    add_member(node, "nullable", binding::boolean_node(true));
  if (declaration.required) add_member(node, "required", binding::boolean_node(true));
  if (declaration.live) add_member(node, "live", binding::boolean_node(true));
  if (declaration.group) add_member(node, "parameters", describe_group(declaration));
  if (kind == ParameterKind::list && declaration.element->group)
    add_member(node, "parameters", describe_group(*declaration.element));
  return node;
}

Node describe_table(const ParameterTable& table, const void* options) {
  Node list = list_node();
  for (const auto& declaration : table.declarations())
    list.elements.push_back(describe_parameter(declaration, options));
  return list;
}

}  // namespace

Node describe_class(const ComponentClass& component_class) {
  Node node = map_node();
  add_member(node, "class", text_node(component_class.name));
  add_member(node, "text", text_node(component_class.text));
  Node interfaces = list_node();
  for (const auto& provided : component_class.interfaces)
    interfaces.elements.push_back(text_node(provided.id.name));
  add_member(node, "interfaces", std::move(interfaces));
  Node aliases = list_node();
  for (const auto& alias : component_class.aliases)
    aliases.elements.push_back(text_node(alias.name));
  add_member(node, "aliases", std::move(aliases));
  add_member(node, "parameters",
             describe_table(component_class.parameters, component_class.make_options().get()));
  return node;
}

}  // namespace cachesite
