#include "site/item_reader.hpp"

#include "binding/component_name.hpp"
#include "binding/scalar_reader.hpp"
#include "binding/suggestion.hpp"
#include "site/item_settings.hpp"
#include "site/item_texts.hpp"
#include "site/origin.hpp"
#include "site/presets.hpp"

#include <cachesite/detail/problem_ids.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace cachesite::site {

namespace {

using binding::BoundReference;
using binding::Place;
using binding::Suggestion;

constexpr std::size_t deepest_in_place = 16;

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
    : catalog_(catalog), problems_(problems), entries_(catalog, problems) {}

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
    const auto match = find_class(member.key, Place::of_key(member), problems_.shown_key(member.key), Item());
    if (!match) continue;
    if (!member.value.is_map()) {
      problems_.add(problem_ids::bad_section, Place::of(member.value),
                    expected(member.key, "a mapping of parameters", member.value));
      continue;
    }
    Defaults read;
    read.node = &member.value;
    const std::size_t errors_before = problems_.errors();
    read.values = defaults_binder().bind_defaults(
        match.component_class->name, match.component_class->parameters, member.value, read.references);
    read.sound = problems_.errors() == errors_before;
    if (!defaults_.emplace(match.component_class.get(), std::move(read)).second)
      problems_.add(problem_ids::bad_section, Place::of_key(member),
                    "the defaults of " + match.component_class->name + " are given twice");
  }
}

// Defaults are for several components, and what stands in place of a reference is for one.
binding::Binder ItemReader::defaults_binder() {
  return binding::Binder(
      problems_, {},
      [this](const auto&, const Node& node, const std::string& path) -> std::optional<std::string> {
        problems_.add(problem_ids::bad_reference, Place::of(node),
                      path + ": defaults cannot declare a component in place of a reference",
                      "declare it in the list of components, and write its name here");
        return std::nullopt;
      });
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
  read_mapping(node, Item());
}

// A component has an index before those that stand in it.
void ItemReader::read_mapping(const Node& node, Item made) {
  const std::size_t index = items_.size();
  items_.emplace_back();
  made.document = document_;
  made.node = &node;
  made.place = Place::of(node);
  const auto match = read_class(node, made);
  entries_.read(made);
  read_settings(node, made);
  if (match) read_parameters(match, index, made);
  warn_of_no_names(made);
  items_[index] = std::move(made);
}

std::optional<std::string> ItemReader::read_in_place(std::size_t owner_index, const Item& owner,
                                                     const ParameterDeclaration& declaration,
                                                     const Node& node, const std::string& path) {
  const std::size_t errors_before = problems_.errors();
  const std::size_t index = items_.size();
  Item made;
  made.lazy = owner.lazy;
  made.in_place = InPlace{owner_index, declaration.interface_name,
                          owner.path() + "." + path + binding::in_place_mark + std::to_string(index),
                          owner.in_place ? owner.in_place->where + "." + path : path,
                          owner.in_place ? owner.in_place->depth + 1 : 1};
  if (made.in_place->depth > deepest_in_place) {
    problems_.add(problem_ids::bad_reference, Place::of(node),
                  made.said("components are nested more than " + std::to_string(deepest_in_place) + " deep"));
    return std::nullopt;
  }
  auto name = made.in_place->name;
  read_mapping(node, std::move(made));
  check_kind(items_[index]);
  if (problems_.errors() != errors_before) return std::nullopt;
  return name;
}

std::vector<std::string> ItemReader::fitting_classes(const Item& made) const {
  std::vector<std::string> names;
  for (const auto& each : catalog_.classes())
    if (!made.in_place || each->find_interface(made.in_place->interface_name)) names.push_back(each->name);
  return names;
}

void ItemReader::check_kind(const Item& made) {
  const auto* component_class = made.component_class.get();
  const auto& wanted = made.in_place->interface_name;
  if (!component_class) return;
  if (!component_class->find_interface(wanted)) {
    problems_.add(problem_ids::wrong_interface, made.place,
                  made.said(component_class->name + " does not implement " + wanted),
                  "the classes that do are: " + joined(fitting_classes(made)));
  } else if (made.options && !component_class->offers(made.options.get(), wanted)) {
    problems_.add(problem_ids::wrong_interface, made.place,
                  made.said(component_class->name + " does not offer " + wanted + " with these parameters"));
  }
}

Catalog::Match ItemReader::read_class(const Node& item, Item& made) {
  const Node* name = item.find("class");
  if (!name) {
    problems_.add(problem_ids::missing_class, made.place, made.said("this component has no class"),
                  "add class: with one of " + joined(fitting_classes(made)) +
                      (made.in_place ? "; refer to a component of the list by its name alone" : ""));
    return {};
  }
  made.place = place_within(made.place, *name);
  if (!is_word(*name)) {
    problems_.add(problem_ids::unknown_class, made.place,
                  made.said(expected("class", "the name of a class", *name)));
    return {};
  }
  auto match = find_class(name->scalar, made.place, shown_word(*name, problems_), made);
  made.component_class = match.component_class;
  return match;
}

Catalog::Match ItemReader::find_class(std::string_view name, const Place& place, const std::string& shown,
                                      const Item& item) {
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
  problems_.add(problem_ids::unknown_class, place, item.said("there is no component class " + shown),
                suggestion.best().empty() ? "the classes are: " + joined(names) : suggestion.question());
  return {};
}

void ItemReader::read_settings(const Node& item, Item& made) {
  static const ParameterTable table = ItemSettings::parameters();
  const auto* component_class = made.component_class.get();
  Node given;
  given.kind = Node::Kind::map;
  for (const auto& member : item.members)
    if (table.find(member.key) && !(component_class && component_class->parameters.find(member.key)))
      given.members.push_back(member);
  if (given.members.empty()) return;
  std::vector<BoundReference> references;
  const std::size_t errors_before = problems_.errors();
  const auto values =
      binding::Binder(problems_, made.where()).bind_defaults("component", table, given, references);
  if (problems_.errors() != errors_before) return;
  ItemSettings settings;
  store(&settings, values);
  made.lazy = made.lazy || settings.lazy;
  made.optional = settings.optional;
  made.start_timeout = settings.start_timeout;
  if (const Node* optional = given.find("optional"); optional && made.in_place)
    problems_.add(problem_ids::bad_component, Place::of(*optional),
                  made.said_of("optional", "the site asks the component around it"), "write it there");
  const Node* lazy = given.find("lazy");
  const Node* entries = item.find("entries");
  const bool has_names = item.find("name") || (entries && !(entries->is_list() && entries->elements.empty()));
  if (lazy && made.in_place)
    problems_.add(
        problem_ids::lazy_without_names, Place::of(*lazy),
        made.said_of("lazy", "a component in place of a reference is created with the component around it"),
        "leave it out");
  else if (settings.lazy && !has_names)
    problems_.add(problem_ids::lazy_without_names, Place::of(*lazy),
                  "a lazy component without entries would never be created", "give it a name");
}

// A class without interfaces is for what its components do by themselves.
void ItemReader::warn_of_no_names(const Item& made) {
  // What has a mistake is complained of already.
  if (made.in_place || made.lazy || !made.options || made.component_class->interfaces.empty()) return;
  const Node* entries = made.node->find("entries");
  if (made.node->find("name") || (entries && !(entries->is_list() && entries->elements.empty()))) return;
  problems_.add(problem_ids::lazy_without_names, made.place,
                "this component has no name and no entries, so nothing can find it", "give it a name",
                Problem::Severity::warning);
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

void ItemReader::read_parameters(const Catalog::Match& match, std::size_t index, Item& made) {
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
  binding::Binder binder(problems_, made.where(),
                         [&](const auto& declaration, const Node& node, const auto& path) {
                           return read_in_place(index, made, declaration, node, path);
                         });
  const auto called = made.said(component_class.name);
  const auto values = binder.bind_component(called, component_class.parameters, *made.node, own_references);
  std::vector<const std::vector<binding::BoundValue>*> given{&values, &presets};
  if (defaults) given.push_back(&defaults->values);
  binder.check_required(called, component_class.parameters, made.place, given);
  if (problems_.errors() != errors_before) return;
  if (defaults && !defaults->sound) return;
  made.options = component_class.make_options();
  store(made.options.get(), presets);
  if (defaults) store(made.options.get(), defaults->values);
  store(made.options.get(), values);
  note_origins(match, defaults, presets, made);
  leave_out_unfitting_presets(component_class, made.options.get(), made.origins);
  find_references(std::move(own_references), defaults, made);
  entries_.check_offers(made);
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
