#include "binding/parameter_schema.hpp"

#include "binding/expectation.hpp"
#include "binding/scalar_reader.hpp"
#include "binding/value_node.hpp"

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace cachesite::binding {

namespace {

constexpr std::string_view duration_pattern =
    "^(\\d+(\\.\\d+)?|(?=\\d)(\\d+(\\.\\d+)?w)?(\\d+(\\.\\d+)?d)?(\\d+(\\.\\d+)?h)?(\\d+(\\.\\d+)?m(in)?)?"
    "(\\d+(\\.\\d+)?s)?(\\d+(\\.\\d+)?ms)?(\\d+(\\.\\d+)?us)?(\\d+(\\.\\d+)?ns)?)$";
constexpr std::string_view size_pattern = "^\\d+(\\.\\d+)?(B|kB|[MGTPE]B|[KMGTPE]iB)?$";
constexpr std::string_view name_pattern = "^[A-Za-z0-9_.-]{0,64}$";

Node typed(std::string_view type) {
  Node node = map_node();
  add_member(node, "type", text_node(type));
  return node;
}

Node text_or_number() {
  Node node = map_node();
  add_member(node, "type", list_node({text_node("string"), text_node("number")}));
  return node;
}

Node pattern(std::string_view expression) {
  Node node = typed("string");
  add_member(node, "pattern", text_node(expression));
  return node;
}

Node any_of(std::initializer_list<Node> schemas) {
  Node node = map_node();
  add_member(node, "anyOf", list_node(schemas));
  return node;
}

Node substitution() {
  return reference_to("substitution");
}

void add_bounds(Node& schema, const ParameterDeclaration& declaration) {
  if (declaration.least && restricts(declaration.kind, *declaration.least))
    add_member(schema, "minimum", bound_node(declaration, *declaration.least));
  if (declaration.most && restricts(declaration.kind, *declaration.most))
    add_member(schema, "maximum", bound_node(declaration, *declaration.most));
}

Node choices(const ParameterDeclaration& declaration) {
  Node words = list_node();
  for (const auto& choice : declaration.choices) {
    words.elements.push_back(text_node(choice));
    // A number is taken by its characters.
    if (Node number = plain_scalar(choice);
        number.kind == Node::Kind::integer || number.kind == Node::Kind::real)
      words.elements.push_back(std::move(number));
  }
  Node node = map_node();
  add_member(node, "enum", std::move(words));
  return node;
}

// A bare number is seconds or bytes; bounds are for the program to check, since units are.
Node measured(std::string_view expression) {
  Node number = typed("number");
  add_member(number, "minimum", plain_scalar("0"));
  return any_of({std::move(number), pattern(expression)});
}

Node substitution_pattern() {
  Node node = pattern("\\$\\{(env|file):");
  add_member(node, "description", text_node("A value from the environment or from a file."));
  return node;
}

Node value_schema(const ParameterDeclaration& declaration);

Node group_schema(const ParameterDeclaration& declaration) {
  const ParameterTable& table = *declaration.group;
  const auto options = declaration.make_group ? declaration.make_group() : nullptr;
  Node node = typed("object");
  Node properties = map_node();
  add_properties(properties, table, options.get());
  add_member(node, "properties", std::move(properties));
  if (Node names = required_names(table); !names.elements.empty())
    add_member(node, "required", std::move(names));
  add_member(node, "additionalProperties", boolean_node(false));
  if (const auto* const single = table.find(declaration.short_member))
    return any_of({std::move(node), value_schema(*single)});
  return node;
}

Node list_schema(const ParameterDeclaration& declaration) {
  ParameterDeclaration element = *declaration.element;
  if (declaration.least) element.least = declaration.least;
  if (declaration.most) element.most = declaration.most;
  if (!declaration.choices.empty()) element.choices = declaration.choices;
  if (element.kind == ParameterKind::reference) element.nullable = false;
  Node node = typed("array");
  add_member(node, "items", value_schema(element));
  return node;
}

Node scalar_schema(const ParameterDeclaration& declaration) {
  switch (declaration.kind) {
    case ParameterKind::boolean:
      return any_of({typed("boolean"), substitution()});
    case ParameterKind::integer:
    case ParameterKind::real: {
      Node number = typed(declaration.kind == ParameterKind::integer ? "integer" : "number");
      add_bounds(number, declaration);
      return any_of({std::move(number), substitution()});
    }
    case ParameterKind::text:
    case ParameterKind::choice:
      if (!declaration.choices.empty()) return any_of({choices(declaration), substitution()});
      return text_or_number();
    case ParameterKind::secret:
      return text_or_number();
    case ParameterKind::duration:
      return any_of({reference_to("duration"), substitution()});
    case ParameterKind::size:
      return any_of({reference_to("size"), substitution()});
    case ParameterKind::reference:
      return any_of({pattern(name_pattern), typed("number"), substitution(),
                     reference_to(in_place_definition(declaration.interface_name))});
    case ParameterKind::list:
      return list_schema(declaration);
    case ParameterKind::group:
      return group_schema(declaration);
  }
  return map_node();
}

Node value_schema(const ParameterDeclaration& declaration) {
  Node schema = scalar_schema(declaration);
  if (!takes_null(declaration)) return schema;
  if (takes_switch(declaration))
    return any_of({std::move(schema), typed("boolean"), substitution(), typed("null")});
  NodeMember& first = schema.members.front();
  if (!first.value.is_list()) return any_of({std::move(schema), typed("null")});
  first.value.elements.push_back(first.key == "anyOf" ? typed("null") : text_node("null"));
  return schema;
}

}  // namespace

Node reference_to(std::string_view definition) {
  Node node = map_node();
  add_member(node, "$ref", text_node(std::string("#/$defs/").append(definition)));
  return node;
}

void add_parameter_definitions(Node& definitions) {
  add_member(definitions, "substitution", substitution_pattern());
  add_member(definitions, "duration", measured(duration_pattern));
  add_member(definitions, "size", measured(size_pattern));
}

std::string in_place_definition(std::string_view interface_name) {
  return std::string("in-place:").append(interface_name);
}

Node parameter_schema(const ParameterDeclaration& declaration, const ParameterValue* usual) {
  Node schema = value_schema(declaration);
  std::string text = declaration.text;
  if (!declaration.unit.empty()) text.append(" Unit: ").append(declaration.unit).append(".");
  if (!declaration.computed_default.empty())
    text.append(" Default: ").append(declaration.computed_default).append(".");
  if (const auto range = range_text(declaration);
      !range.empty() &&
      (declaration.kind == ParameterKind::duration || declaration.kind == ParameterKind::size))
    text.append(" Allowed is a value ").append(range).append(".");
  if (!declaration.interface_name.empty())
    text.append(" The name of an ").append(declaration.interface_name).append(".");
  if (!text.empty()) add_member(schema, "description", text_node(text));
  if (declaration.kind == ParameterKind::secret) add_member(schema, "writeOnly", boolean_node(true));
  const bool has_default = usual && !declaration.required && declaration.computed_default.empty() &&
                           declaration.kind != ParameterKind::secret &&
                           declaration.kind != ParameterKind::group;
  if (has_default) add_member(schema, "default", value_node(*usual, false));
  return schema;
}

void add_properties(Node& properties, const ParameterTable& table, const void* options) {
  for (const auto& declaration : table.declarations()) {
    const auto usual = options ? declaration.load(options) : ParameterValue{};
    Node schema = parameter_schema(declaration, options ? &usual : nullptr);
    for (const auto& alias : declaration.aliases) {
      Node other = schema;
      add_member(other, "deprecated", boolean_node(true));
      add_member(properties, alias, std::move(other));
    }
    add_member(properties, declaration.name, std::move(schema));
  }
}

Node required_names(const ParameterTable& table) {
  Node names = list_node();
  for (const auto& declaration : table.declarations())
    if (declaration.required && declaration.aliases.empty())
      names.elements.push_back(text_node(declaration.name));
  return names;
}

}  // namespace cachesite::binding
