#include "site/item_reader.hpp"

#include "binding/component_name.hpp"
#include "binding/quoted.hpp"
#include "binding/scalar_reader.hpp"
#include "binding/suggestion.hpp"
#include "site/item_settings.hpp"
#include "site/origin.hpp"

#include <cachesite/detail/problem_ids.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace cachesite::site {

namespace {

using binding::BoundReference;
using binding::Place;
using binding::quoted;
using binding::Suggestion;

std::string expected(std::string_view where, std::string_view what, const Node& node) {
  return std::string(where)
      .append(": expected ")
      .append(what)
      .append(", found ")
      .append(to_string(node.kind));
}

std::string joined(const auto& names) {
  std::string text;
  for (const auto& name : names)
    text.append(text.empty() ? "" : ", ").append(name);
  return text;
}

// Numbers count as text, as they do for text parameters.
bool is_word(const Node& node) noexcept {
  return node.is_text() || node.kind == Node::Kind::integer || node.kind == Node::Kind::real;
}

// What an alias stands for is written further above: the place to show is that of the alias.
Place place_within(const Place& outer, const Node& inner) noexcept {
  return inner.position < outer.position ? outer : Place::of(inner);
}

// `sentinels` of `sentinels[2].port`
std::string_view parameter_of(std::string_view path) {
  return path.substr(0, path.find_first_of(".["));
}

void store(void* options, const std::vector<binding::BoundValue>& values) {
  for (const auto& value : values)
    value.declaration->store(options, value.value);
}

}  // namespace

ItemReader::ItemReader(const Catalog& catalog, binding::ProblemList& problems)
    : catalog_(catalog), problems_(problems), binder_(problems), interfaces_(catalog.interfaces()) {}

void ItemReader::read(const Document& document, std::size_t rank) {
  problems_.enter(document, rank);
  document_ = rank;
  origin_document_ = &document;
  defaults_.clear();
  const Node& root = document.root;
  if (root.is_list()) {
    read_components(root);
  } else if (root.is_map() && root.find("components")) {
    read_sections(root);
  } else {
    std::string found(to_string(root.kind));
    if (root.is_map()) found += " without \"components\"";
    problems_.add(
        problem_ids::bad_document, Place::of(root),
        "a component file is a list of components, or a mapping with \"components\"; found " + found,
        root.find("class") ? "begin the component with \"- \" to make it an element of a list" : "");
  }
}

void ItemReader::read_sections(const Node& root) {
  constexpr std::array<std::string_view, 4> sections{"components", "defaults", "include", "plugins"};
  for (const auto& member : root.members) {
    if (member.key == "components" || member.key == "defaults") continue;
    if (std::find(sections.begin(), sections.end(), member.key) != sections.end()) {
      problems_.add(problem_ids::unsupported_section, Place::of_key(member),
                    "\"" + member.key + "\" is not supported by this version");
      continue;
    }
    Suggestion suggestion(member.key);
    for (const auto section : sections)
      suggestion.offer(section);
    problems_.add(problem_ids::unknown_section, Place::of_key(member),
                  "a component file has no section " + problems_.shown_key(member.key),
                  suggestion.best().empty() ? "the sections are: components, defaults, include"
                                            : suggestion.question());
  }
  // Whatever their order in the file, defaults are known before the components that they are for.
  if (const Node* defaults = root.find("defaults")) read_defaults(*defaults);
  const Node& components = *root.find("components");
  if (components.is_list())
    read_components(components);
  else
    problems_.add(problem_ids::bad_section, Place::of(components),
                  expected("components", "a list", components));
}

void ItemReader::read_defaults(const Node& defaults) {
  if (!defaults.is_map()) {
    problems_.add(problem_ids::bad_section, Place::of(defaults),
                  expected("defaults", "a mapping from classes to parameters", defaults));
    return;
  }
  for (const auto& member : defaults.members) {
    const auto match = find_class(member.key, Place::of_key(member), problems_.shown_key(member.key));
    if (!match) continue;
    if (!member.value.is_map()) {
      problems_.add(problem_ids::bad_section, Place::of(member.value),
                    expected(member.key, "a mapping of parameters", member.value));
      continue;
    }
    Defaults read;
    read.node = &member.value;
    const std::size_t errors_before = problems_.errors();
    read.values = binder_.bind_defaults(match.component_class->name, match.component_class->parameters,
                                        member.value, read.references);
    read.sound = problems_.errors() == errors_before;
    if (!defaults_.emplace(match.component_class.get(), std::move(read)).second)
      problems_.add(problem_ids::bad_section, Place::of_key(member),
                    "the defaults of " + match.component_class->name + " are given twice");
  }
}

void ItemReader::read_components(const Node& list) {
  items_.reserve(items_.size() + list.elements.size());
  for (const auto& node : list.elements)
    read_item(node);
}

void ItemReader::read_item(const Node& node) {
  if (!node.is_map()) {
    problems_.add(problem_ids::bad_component, Place::of(node),
                  expected("component", "a mapping with a class", node));
    return;
  }
  Item made;
  made.document = document_;
  made.node = &node;
  made.place = Place::of(node);
  const auto match = read_class(node, made);
  if (const Node* entries = node.find("entries")) read_entries(*entries, made);
  read_settings(node, made);
  if (match) read_parameters(match, made);
  items_.push_back(std::move(made));
}

Catalog::Match ItemReader::read_class(const Node& item, Item& made) {
  const Node* name = item.find("class");
  if (!name) {
    problems_.add(problem_ids::missing_class, made.place, "this component has no class",
                  "add class: with one of " + joined([&] {
                    std::vector<std::string> names;
                    for (const auto& each : catalog_.classes())
                      names.push_back(each->name);
                    return names;
                  }()));
    return {};
  }
  made.place = place_within(made.place, *name);
  if (!is_word(*name)) {
    problems_.add(problem_ids::unknown_class, made.place, expected("class", "the name of a class", *name));
    return {};
  }
  auto match = find_class(name->scalar, made.place, shown_name(*name));
  made.component_class = match.component_class;
  return match;
}

std::string ItemReader::shown_name(const Node& name) {
  if (name.substituted) return "of the substituted name";
  return problems_.may_show(name) ? binding::quoted(name.scalar) : "of this name";
}

Catalog::Match ItemReader::find_class(std::string_view name, const Place& place, const std::string& shown) {
  auto match = catalog_.find(name);
  if (match) return match;
  Suggestion suggestion(name);
  std::vector<std::string> names;
  for (const auto& each : catalog_.classes()) {
    names.push_back(each->name);
    suggestion.offer(each->name);
    for (const auto& alias : each->aliases)
      suggestion.offer(alias.name);
  }
  problems_.add(problem_ids::unknown_class, place, "there is no component class " + shown,
                suggestion.best().empty() ? "the classes are: " + joined(names) : suggestion.question());
  return {};
}

void ItemReader::read_entries(const Node& entries, Item& made) {
  if (!entries.is_list()) {
    problems_.add(problem_ids::bad_entries, Place::of(entries),
                  expected("entries", "a list of {interface, name}", entries));
    return;
  }
  made.entries.reserve(entries.elements.size());
  const Place place = place_within(Place::of(*made.node), entries);
  for (const auto& entry : entries.elements)
    read_entry(entry, place, made);
}

void ItemReader::read_entry(const Node& entry, const Place& entries, Item& made) {
  if (!entry.is_map()) {
    problems_.add(problem_ids::bad_entry, Place::of(entry),
                  expected("entries", "a mapping {interface, name}", entry));
    return;
  }
  for (const auto& member : entry.members) {
    if (member.key == "interface" || member.key == "name") continue;
    Suggestion suggestion(member.key);
    suggestion.offer("interface");
    suggestion.offer("name");
    problems_.add(problem_ids::bad_entry, Place::of_key(member),
                  "an entry has no " + problems_.shown_key(member.key),
                  suggestion.best().empty() ? "an entry has interface and name" : suggestion.question());
  }
  ItemEntry read;
  read.place = place_within(entries, entry);
  const bool has_interface = read_interface(entry, made, read);
  const bool has_name = read_name(entry, read);
  if (has_interface && has_name) made.entries.push_back(std::move(read));
}

bool ItemReader::read_interface(const Node& entry, const Item& made, ItemEntry& read) {
  const Node* node = entry.find("interface");
  if (!node) {
    std::string hint;
    if (made.component_class && made.component_class->interfaces.size() == 1)
      hint = "add interface: " + std::string(made.component_class->interfaces.front().id.name);
    problems_.add(problem_ids::missing_interface, read.place, "this entry has no interface", hint);
    return false;
  }
  if (!node->is_text()) {
    problems_.add(problem_ids::unknown_interface, Place::of(*node),
                  expected("interface", "the name of an interface", *node));
    return false;
  }
  read.interface_name = catalog_.interface_name(node->scalar);
  if (std::find(interfaces_.begin(), interfaces_.end(), read.interface_name) == interfaces_.end()) {
    Suggestion suggestion(node->scalar);
    for (const auto& each : interfaces_)
      suggestion.offer(each);
    problems_.add(
        problem_ids::unknown_interface, Place::of(*node), "there is no interface " + shown_name(*node),
        suggestion.best().empty() ? "the interfaces are: " + joined(interfaces_) : suggestion.question());
    return false;
  }
  if (made.component_class && !made.component_class->find_interface(read.interface_name)) {
    std::vector<std::string_view> provided;
    for (const auto& each : made.component_class->interfaces)
      provided.push_back(each.id.name);
    problems_.add(problem_ids::wrong_interface, Place::of(*node),
                  made.component_class->name + " does not implement " + read.interface_name,
                  "it implements " + joined(provided));
    return false;
  }
  return true;
}

bool ItemReader::read_name(const Node& entry, ItemEntry& read) {
  const Node* node = entry.find("name");
  if (!node) return true;
  if (!is_word(*node) && !node->substituted) {
    problems_.add(
        problem_ids::bad_name, Place::of(*node), expected("name", "text", *node),
        node->is_null() ? "leave it out for the unnamed component" : "put it in quotes to make it text");
    return false;
  }
  if (!binding::valid_component_name(node->scalar)) {
    problems_.add(
        problem_ids::bad_name, Place::of(*node),
        "a component cannot be called " + (node->substituted           ? "like the substituted value"
                                           : problems_.may_show(*node) ? binding::quoted(node->scalar)
                                                                       : "like this"),
        std::string(binding::name_rule));
    return false;
  }
  read.name = node->scalar;
  read.substituted = node->substituted;
  read.place = place_within(read.place, *node);
  return true;
}

void ItemReader::read_settings(const Node& item, Item& made) {
  if (!item.find("lazy") && !item.find("start_timeout")) return;
  static const ParameterTable table = ItemSettings::parameters();
  Node given;
  given.kind = Node::Kind::map;
  for (const auto& member : item.members)
    if (table.find(member.key)) given.members.push_back(member);
  std::vector<BoundReference> references;
  const std::size_t errors_before = problems_.errors();
  const auto values = binder_.bind_defaults("component", table, given, references);
  if (problems_.errors() != errors_before) return;
  ItemSettings settings;
  store(&settings, values);
  made.lazy = settings.lazy;
  const Node* entries = item.find("entries");
  if (settings.lazy && (!entries || (entries->is_list() && entries->elements.empty())))
    problems_.add(problem_ids::lazy_without_names, Place::of(*item.find("lazy")),
                  "a lazy component without entries would never be made", "give it a name");
  made.start_timeout = settings.start_timeout;
}

// The strongest origin of each parameter.
void ItemReader::note_origins(const Catalog::Match& match, const Defaults* defaults,
                              const std::vector<binding::BoundValue>& presets, Item& made) {
  const auto& table = match.component_class->parameters;
  const auto note = [&made](const ParameterDeclaration* declaration, ParameterOrigin::Kind kind,
                            std::string where) {
    const auto known = std::any_of(made.origins.begin(), made.origins.end(),
                                   [&](const auto& origin) { return origin.parameter == declaration->name; });
    if (!known) made.origins.push_back({declaration->name, kind, std::move(where)});
  };
  for (const auto& member : made.node->members)
    if (const auto* declaration = table.find(member.key))
      note(declaration, ParameterOrigin::Kind::file, origin_text(*origin_document_, member.value));
  if (defaults)
    for (const auto& member : defaults->node->members)
      if (const auto* declaration = table.find(member.key))
        note(declaration, ParameterOrigin::Kind::defaults, origin_text(*origin_document_, member.value));
  for (const auto& preset : presets)
    note(preset.declaration, ParameterOrigin::Kind::alias, match.alias->name);
}

void ItemReader::read_parameters(const Catalog::Match& match, Item& made) {
  const ComponentClass& component_class = *match.component_class;
  const auto found = defaults_.find(&component_class);
  const Defaults* defaults = found == defaults_.end() ? nullptr : &found->second;
  if (defaults) made.defaults = defaults->node;
  std::vector<binding::BoundValue> presets;
  if (match.alias)
    for (const auto& [name, text] : match.alias->presets)
      if (const auto* declaration = component_class.parameters.find(name))
        if (auto preset = binding::read_scalar(*declaration, binding::plain_scalar(text)); preset.value)
          presets.push_back({declaration, std::move(*preset.value)});

  const std::size_t errors_before = problems_.errors();
  std::vector<BoundReference> own_references;
  const auto values =
      binder_.bind_component(component_class.name, component_class.parameters, *made.node, own_references);
  std::vector<const std::vector<binding::BoundValue>*> given{&values, &presets};
  if (defaults) given.push_back(&defaults->values);
  binder_.check_required(component_class.name, component_class.parameters, made.place, given);
  if (problems_.errors() != errors_before) return;
  if (defaults && !defaults->sound) return;
  made.options = component_class.make_options();
  store(made.options.get(), presets);
  if (defaults) store(made.options.get(), defaults->values);
  store(made.options.get(), values);
  note_origins(match, defaults, presets, made);
  find_references(std::move(own_references), defaults, made);
}

// Each reference that the options hold, with the place that gives it: by its parameter and its name, and the
// first one that is left, since a list may have the same name twice.
void ItemReader::find_references(std::vector<BoundReference> own, const Defaults* defaults, Item& made) {
  auto shared = defaults ? defaults->references : std::vector<BoundReference>();
  const ParameterDeclaration* visited = nullptr;
  const auto take = [&](std::vector<BoundReference>& references, std::string_view interface_name,
                        std::string_view name) {
    const auto found = std::find_if(references.begin(), references.end(), [&](const auto& reference) {
      return reference.interface_name == interface_name && reference.name == name &&
             parameter_of(reference.path) == visited->name;
    });
    if (found == references.end()) return false;
    made.references.push_back(std::move(*found));
    references.erase(found);
    return true;
  };
  const ReferenceVisitor visit = [&](const InterfaceId& id, const std::string& name, ReferenceNeed need,
                                     const auto&) {
    const bool optional = need == ReferenceNeed::if_present;
    if (!optional && (take(own, id.name, name) || take(shared, id.name, name))) return;
    made.references.push_back(
        {std::string(id.name), name, false, optional ? visited->name : std::string(), made.place, optional});
  };
  for (const auto& declaration : made.component_class->parameters.declarations()) {
    if (!declaration.visit_references) continue;
    visited = &declaration;
    declaration.visit_references(made.options.get(), visit);
  }
}

}  // namespace cachesite::site
