#include "binding/expectation.hpp"
#include "binding/value_node.hpp"

#include <cachesite/site_reports.hpp>

#include <string>
#include <string_view>

namespace cachesite {

namespace {

// Safe inside a cell of a table.
std::string cell(std::string_view text) {
  std::string result;
  for (const char character : text) {
    if (character == '|') result += '\\';
    result += character == '\n' ? ' ' : character;
  }
  return result;
}

// The same, shown as it is written.
std::string prose(std::string_view text) {
  std::string result;
  for (const char character : cell(text)) {
    if (character == '<' || character == '*') result += '\\';
    result += character;
  }
  return result;
}

std::string code(std::string_view text) {
  return "`" + cell(text) + "`";
}

std::string default_text(const Node& node) {
  if (node.is_list() && node.elements.empty()) return code("[]");
  if (node.is_map() || node.is_list()) return "see below";
  if (node.is_null()) return "none";
  if (node.scalar.empty()) return code("\"\"");
  return code(node.scalar);
}

std::string type_text(const ParameterDeclaration& declaration) {
  std::string text(binding::kind_word(declaration.kind));
  const ParameterDeclaration& single = declaration.element ? *declaration.element : declaration;
  if (declaration.element) text = "list of " + std::string(binding::kind_word(single.kind));
  if (!single.interface_name.empty()) text += " to " + single.interface_name;
  return text;
}

std::string limits_text(const ParameterDeclaration& declaration) {
  std::string text = binding::range_text(declaration);
  for (const auto& choice : declaration.choices)
    text.append(text.empty() ? "" : ", ").append(code(choice.empty() ? "\"\"" : choice));
  if (declaration.nullable && binding::takes_null(declaration))
    text.append(text.empty() ? "" : ", ").append("or `null`");
  return text;
}

void append_group(std::string& page, const ParameterDeclaration& declaration, std::string_view prefix);

void append_table(std::string& page, const ParameterTable& table, const void* options,
                  std::string_view prefix) {
  for (const auto& declaration : table.declarations()) {
    std::string name(prefix);
    name += declaration.name;
    std::string usual = "-";
    if (declaration.required)
      usual = "required";
    else if (!declaration.computed_default.empty())
      usual = prose(declaration.computed_default);
    else if (options && declaration.kind != ParameterKind::group)
      usual = default_text(binding::value_node(declaration.load(options), false));
    std::string text = prose(declaration.text);
    if (!declaration.unit.empty()) text += " Unit: " + declaration.unit + ".";
    if (declaration.live) text += " Can be changed at run time.";
    for (const auto& alias : declaration.aliases)
      text += " Also called " + code(alias) + ".";
    page.append("| ").append(code(name)).append(" | ").append(type_text(declaration));
    page.append(" | ").append(usual).append(" | ").append(limits_text(declaration));
    page.append(" | ").append(text).append(" |\n");
    append_group(page, declaration, name + ".");
    if (declaration.element) append_group(page, *declaration.element, name + "[].");
  }
}

void append_group(std::string& page, const ParameterDeclaration& declaration, std::string_view prefix) {
  if (!declaration.group) return;
  const auto options = declaration.make_group ? declaration.make_group() : nullptr;
  append_table(page, *declaration.group, options.get(), prefix);
}

void append_interfaces(std::string& page, std::string_view verb, const ComponentClass& component_class,
                       bool passed_on) {
  std::string names;
  for (const auto& provided : component_class.interfaces)
    if (provided.passed_on == passed_on)
      names.append(names.empty() ? " " : ", ").append(code(provided.id.name));
  if (!names.empty()) page.append(verb).append(names).append(".");
}

void append_class(std::string& page, const ComponentClass& component_class) {
  page.append("\n## ").append(component_class.name).append("\n\n");
  if (!component_class.text.empty()) page.append(component_class.text).append("\n\n");
  append_interfaces(page, "Implements", component_class, false);
  append_interfaces(page, " Passes on, when the cache below has it:", component_class, true);
  for (const auto& alias : component_class.aliases) {
    page.append(" Also called ").append(code(alias.name));
    for (const auto& [name, value] : alias.presets) {
      auto preset = name;
      preset.append(": ").append(value);
      page.append(&name == &alias.presets.front().first ? ", with " : ", ").append(code(preset));
    }
    page += ".";
  }
  page += "\n\n";
  if (component_class.parameters.declarations().empty()) {
    page += "It has no parameters.\n";
    return;
  }
  page += "| parameter | type | default | allowed | meaning |\n|---|---|---|---|---|\n";
  append_table(page, component_class.parameters, component_class.make_options().get(), "");
}

}  // namespace

std::string reference_markdown(const Catalog& catalog) {
  std::string page =
      "# Component classes\n\nGenerated from the declarations in the source; do not edit.\n\n"
      "A reference is the name of a component, or a mapping with `class` that declares one in place.\n";
  for (const auto& component_class : catalog.classes())
    append_class(page, *component_class);
  return page;
}

}  // namespace cachesite
