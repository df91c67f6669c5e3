#include "site_commands.hpp"

#include "terminal.hpp"

#include <cachesite/redis_connection.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <string>
#include <vector>

namespace cachesite::tool {

namespace {

Health health_of(const ComponentEntry& entry) {
  if (entry.component) return entry.component->health();
  return {HealthState::up, "lazy, not made yet"};
}

/// The names of the site, and with `in_place` the paths of what stands in place of references.
std::vector<ComponentEntry> entries_of(const ComponentSite& site, bool in_place) {
  auto entries = site.entries();
  for (auto& declared : in_place ? site.declared_components() : std::vector<DeclaredComponent>())
    if (!declared.in_place.empty())
      entries.push_back({std::string(declared.component_class->interfaces.front().id.name),
                         declared.in_place.substr(0, declared.in_place.find('#')),
                         declared.component_class->name, std::move(declared.component)});
  return entries;
}

bool is_optional(const ComponentEntry& entry, const std::vector<DeclaredComponent>& all) {
  return std::any_of(all.begin(), all.end(), [&](const DeclaredComponent& declared) {
    return declared.optional && declared.component && declared.component == entry.component;
  });
}

Node entry_node(const ComponentEntry& entry, const Health& health) {
  auto node = map_node();
  add(node, "interface", text_node(entry.interface_name));
  add(node, "name", text_node(entry.name));
  add(node, "class", text_node(entry.class_name));
  add(node, "state", text_node(to_string(health.state)));
  if (!health.reason.empty()) add(node, "reason", text_node(health.reason));
  return node;
}

std::string state_text(const Health& health) {
  const auto colour = health.state == HealthState::up     ? Colour::green
                      : health.state == HealthState::down ? Colour::red
                                                          : Colour::yellow;
  return painted(to_string(health.state), colour, stdout) +
         (health.reason.empty() ? "" : ": " + health.reason);
}

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(text.size(), width), ' ');
  return text;
}

std::vector<std::string> names_of(const ParameterTable& parameters) {
  std::vector<std::string> names;
  for (const auto& declaration : parameters.declarations())
    names.push_back(declaration.name);
  return names;
}

std::vector<std::string> names_of(const Catalog& catalog) {
  std::vector<std::string> names;
  for (const auto& component_class : catalog.classes())
    names.push_back(component_class->name);
  return names;
}

std::vector<std::string> names_of(const ComponentSite& site) {
  std::vector<std::string> names;
  for (const auto& entry : site.entries())
    names.push_back(entry.name);
  return names;
}

/// What was meant, or else where to look.
std::string hint(std::string_view written, const std::vector<std::string>& known, std::string where) {
  auto question = did_you_mean(written, known);
  return question.empty() ? where : question;
}

/// No text in JSON holds a line end, so each one is of the layout, and so are the blanks after it.
std::string json_in_one_line(const Node& node) {
  std::string line;
  const auto text = write_document(node, Format::json);
  for (std::size_t start = 0; start < text.size();) {
    const auto end = std::min(text.find('\n', start), text.size());
    line.append(line.ends_with(',') ? " " : "").append(text, start, end - start);
    start = std::min(text.find_first_not_of(' ', end + 1), text.size());
  }
  return line;
}

std::string in_code(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names)
    text += (text.empty() ? "`" : ", `") + name + "`";
  return text;
}

}  // namespace

namespace {

/// A component under one of its names, with all interfaces that it has under it.
struct ListedComponent {
  ComponentEntry entry;
  std::string interfaces;
};

std::vector<ListedComponent> listed_components(const std::vector<ComponentEntry>& entries) {
  std::vector<ListedComponent> listed;
  for (const auto& entry : entries) {
    const auto same = std::find_if(listed.begin(), listed.end(), [&](const ListedComponent& other) {
      return other.entry.component == entry.component && other.entry.name == entry.name &&
             other.entry.class_name == entry.class_name;
    });
    if (same == listed.end())
      listed.push_back({entry, entry.interface_name});
    else
      same->interfaces.append(", ").append(entry.interface_name);
  }
  return listed;
}

}  // namespace

Exit list(const ComponentSite& site, bool in_place, bool json) {
  const auto entries = entries_of(site, in_place);
  if (json) {
    auto answer = list_node();
    for (const auto& entry : entries)
      answer.elements.push_back(entry_node(entry, health_of(entry)));
    print_json(answer);
    return Exit::done;
  }
  const auto listed = listed_components(entries);
  std::size_t interface_width = 9, name_width = 4, class_width = 5;
  for (const auto& [entry, interfaces] : listed) {
    interface_width = std::max(interface_width, interfaces.size());
    name_width = std::max(name_width, entry.name.size() + 2);
    class_width = std::max(class_width, entry.class_name.size());
  }
  for (const auto& [entry, interfaces] : listed) {
    const auto health = health_of(entry);
    print(padded(interfaces, interface_width) + "  " + padded("\"" + entry.name + "\"", name_width) + "  " +
          padded(entry.class_name, class_width) + "  " + state_text(health) + "\n");
  }
  return Exit::done;
}

Exit health(const ComponentSite& site, bool json) {
  auto answer = map_node();
  auto components = list_node();
  std::vector<const IComponent*> seen;
  const auto declared = site.declared_components();
  auto state = HealthState::up;
  for (const auto& entry : site.entries()) {
    if (entry.component && std::find(seen.begin(), seen.end(), entry.component.get()) != seen.end()) continue;
    seen.push_back(entry.component.get());
    const auto health = health_of(entry);
    const bool optional = is_optional(entry, declared);
    state = std::max(state, optional ? std::min(health.state, HealthState::degraded) : health.state);
    components.elements.push_back(entry_node(entry, health));
    add(components.elements.back(), "required", boolean_node(!optional));
    if (!json)
      print(entry.interface_name + " \"" + entry.name + "\" " + state_text(health) +
            (optional ? " (optional)" : "") + "\n");
  }
  const bool healthy = state != HealthState::down;
  if (json) {
    add(answer, "healthy", boolean_node(healthy));
    add(answer, "state", text_node(to_string(state)));
    add(answer, "components", std::move(components));
    print_json(answer);
  }
  return healthy ? Exit::done : Exit::backend_failed;
}

namespace {

std::string text_of(const Node& map, std::string_view key) {
  const auto* const member = map.find(key);
  return member && member->is_scalar() ? member->scalar : "";
}

std::string joined(const Node* list) {
  std::string text;
  for (const auto& element : list ? list->elements : std::vector<Node>()) {
    if (!text.empty()) text += ", ";
    text += element.scalar;
  }
  return text;
}

/// `integer from 1 to 65535 entries`, as far as it is known.
std::string kind_of(const Node& parameter) {
  auto kind = text_of(parameter, "type");
  if (const auto interface_name = text_of(parameter, "interface"); !interface_name.empty())
    kind += " to an " + interface_name;
  if (const auto elements = text_of(parameter, "elements"); !elements.empty()) kind += " of " + elements;
  if (parameter.find("choices")) kind += ": " + joined(parameter.find("choices"));
  const auto least = text_of(parameter, "least");
  const auto most = text_of(parameter, "most");
  if (!least.empty()) kind += " from " + least;
  if (!most.empty()) kind += " to " + most;
  if (const auto unit = text_of(parameter, "unit"); !unit.empty()) kind += " " + unit;
  return kind;
}

void print_parameters(const Node* parameters, const std::string& margin) {
  for (const auto& parameter : parameters ? parameters->elements : std::vector<Node>()) {
    const auto* const initial = parameter.find("default");
    const auto computed = text_of(parameter, "computed_default");
    print(margin + text_of(parameter, "name") + "  (" + kind_of(parameter) + "; " +
          (text_of(parameter, "required") == "true"                     ? "required"
           : !computed.empty()                                          ? "default: " + computed
           : initial && initial->is_null()                              ? "default: none"
           : initial && initial->is_scalar() && initial->scalar.empty() ? "default: empty"
           : initial && initial->is_scalar()                            ? "default: " + initial->scalar
                                                                        : "optional") +
          ")\n");
    print(margin + "    " + text_of(parameter, "text") + "\n");
    print_parameters(parameter.find("parameters"), margin + "    ");
  }
}

}  // namespace

Exit describe(const Catalog& catalog, const std::string& class_name, bool json) {
  auto answer = list_node();
  if (class_name.empty()) {
    for (const auto& component_class : catalog.classes())
      answer.elements.push_back(describe_class(*component_class));
  } else if (const auto match = catalog.find(class_name)) {
    answer.elements.push_back(describe_class(*match.component_class));
  } else {
    complain(
        "no class \"" + printable(class_name) + "\"; " +
        hint(class_name, names_of(catalog), "'" + std::string(program_name()) + " describe' lists them all"));
    return Exit::usage;
  }
  if (json) {
    print_json(answer);
    return Exit::done;
  }
  for (const auto& described : answer.elements) {
    print(text_of(described, "class") + "  (" + joined(described.find("interfaces")) + ")\n");
    print("  " + text_of(described, "text") + "\n");
    if (const auto aliases = joined(described.find("aliases")); !aliases.empty())
      print("  also called " + aliases + "\n");
    print_parameters(described.find("parameters"), "  ");
    print("\n");
  }
  return Exit::done;
}

Exit explain(const ComponentSite& site, const std::string& name, bool json) {
  const auto answer = explain_component(site, name);
  if (answer.elements.empty()) {
    complain("no component \"" + printable(name) + "\"; " +
             hint(name, names_of(site), "'" + std::string(program_name()) + " list' shows them all"));
    return Exit::usage;
  }
  if (json) {
    print_json(answer);
    return Exit::done;
  }
  for (const auto& component : answer.elements) {
    const auto path = text_of(component, "in_place");
    print(text_of(component, "class") + (path.empty() ? "" : "  in place of " + path) + "  declared at " +
          text_of(component, "declared") + (component.find("lazy") ? ", lazy" : "") + "\n");
    for (const auto& entry : component.find("entries")->elements)
      print("  " + text_of(entry, "interface") + " \"" + text_of(entry, "name") + "\"\n");
    const auto reason = text_of(component, "reason");
    print("  state: " + text_of(component, "state") + (reason.empty() ? "" : ": " + reason) + "\n");
    for (const auto& needed : component.find("depends_on")->elements)
      print("  depends on " + text_of(needed, "interface") + " \"" + text_of(needed, "name") + "\" (" +
            text_of(needed, "parameter") + "): " + text_of(needed, "class") + ", " +
            text_of(needed, "state") + "\n");
    for (const auto& dependant : component.find("needed_by")->elements)
      print("  needed by " + dependant.scalar + "\n");
    if (const auto* const parts = component.find("parts"))
      for (const auto& part : parts->elements)
        print("  part " + text_of(part, "part") + ": " + text_of(part, "class") + "\n");
    for (const auto& parameter : component.find("parameters")->elements) {
      const auto* const value = parameter.find("value");
      print("  " + text_of(parameter, "name") + " = " + json_in_one_line(*value) + "  (" +
            text_of(parameter, "from") + ")\n");
    }
  }
  return Exit::done;
}

Exit schema(const Catalog& catalog) {
  print_json(json_schema(catalog));
  return Exit::done;
}

Exit reference(const Catalog& catalog, bool summary) {
  if (!summary) {
    print(reference_markdown(catalog));
    return Exit::done;
  }
  const auto connection = names_of(RedisConnectionOptions::parameters());
  print("| class | what it is | parameters |\n|---|---|---|\n");
  for (const auto& component_class : catalog.classes()) {
    auto names = names_of(component_class->parameters);
    const auto common = std::search(names.begin(), names.end(), connection.begin(), connection.end());
    const bool connects = common != names.end();
    if (connects) names.erase(common, common + static_cast<std::ptrdiff_t>(connection.size()));
    print("| `" + component_class->name + "` | " + component_class->text + " | " +
          (connects ? "those of a connection" : "") + (connects && !names.empty() ? ", " : "") +
          in_code(names) + " |\n");
  }
  print("\nThe parameters of a connection to Redis: " + in_code(connection) + ".\n");
  return Exit::done;
}

}  // namespace cachesite::tool
