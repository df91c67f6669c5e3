#include "binding/binder.hpp"

#include "binding/expectation.hpp"
#include "binding/quoted.hpp"
#include "binding/scalar_reader.hpp"
#include "binding/suggestion.hpp"

#include <cachesite/detail/problem_ids.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace cachesite::binding {

namespace {

constexpr std::size_t parameters_listed = 12;

std::string_view id_of(ParameterKind kind) noexcept {
  switch (kind) {
    case ParameterKind::boolean:
      return problem_ids::bad_boolean;
    case ParameterKind::integer:
      return problem_ids::bad_integer;
    case ParameterKind::real:
      return problem_ids::bad_number;
    case ParameterKind::text:
      return problem_ids::bad_text;
    case ParameterKind::secret:
      return problem_ids::bad_secret;
    case ParameterKind::duration:
      return problem_ids::bad_duration;
    case ParameterKind::size:
      return problem_ids::bad_size;
    case ParameterKind::choice:
      return problem_ids::bad_choice;
    case ParameterKind::list:
      return problem_ids::bad_list;
    case ParameterKind::group:
      return problem_ids::bad_group;
    case ParameterKind::reference:
      return problem_ids::bad_reference;
  }
  return problem_ids::bad_text;
}

std::string found(const ParameterDeclaration& declaration, const Node& node, ProblemList& problems) {
  if (node.is_scalar() && node.substituted) return "a substituted value";
  if (!node.is_scalar() || node.is_null() || declaration.kind == ParameterKind::secret ||
      !problems.may_show(node))
    return std::string(to_string(node.kind));
  const auto text = binding::quoted(node.scalar);
  return node.is_text() ? text : text.substr(1, text.size() - 2);
}

// What somebody gives a store who means a whole cache.
bool is_part_of_cache(std::string_view key) noexcept {
  constexpr std::array<std::string_view, 8> parts{"ttl",   "max_ttl", "near",     "remember",
                                                  "codec", "tags",    "failover", "metrics"};
  return std::find(parts.begin(), parts.end(), key) != parts.end();
}

// An element follows the element's declaration, and the bounds and choices given for the list.
ParameterDeclaration element_of(const ParameterDeclaration& list) {
  ParameterDeclaration element = *list.element;
  if (list.least) element.least = list.least;
  if (list.most) element.most = list.most;
  if (!list.choices.empty()) element.choices = list.choices;
  if (element.kind == ParameterKind::reference) element.nullable = false;
  return element;
}

}  // namespace

bool Binder::is_reserved(std::string_view key) noexcept {
  return key == "class" || key == "entries" || key == "name" || key == "lazy" || key == "start_timeout" ||
         key == "optional";
}

std::vector<BoundValue> Binder::bind_component(std::string_view class_name, const ParameterTable& table,
                                               const Node& item, std::vector<BoundReference>& references) {
  references_ = &references;
  return bind_members({class_name, nullptr, true}, table, item);
}

std::vector<BoundValue> Binder::bind_defaults(std::string_view class_name, const ParameterTable& table,
                                              const Node& defaults, std::vector<BoundReference>& references) {
  references_ = &references;
  return bind_members({class_name, nullptr, false}, table, defaults);
}

void Binder::check_required(std::string_view class_name, const ParameterTable& table, const Place& place,
                            const std::vector<const std::vector<BoundValue>*>& given) {
  for (const auto& declaration : table.declarations()) {
    if (!declaration.required) continue;
    const bool present = std::any_of(given.begin(), given.end(), [&](const auto* values) {
      return std::any_of(values->begin(), values->end(),
                         [&](const BoundValue& value) { return value.declaration == &declaration; });
    });
    if (present) continue;
    problems_.add(problem_ids::missing_parameter, place,
                  std::string(class_name) + " needs the parameter \"" + declaration.name + "\"",
                  "add " + declaration.name + ": " + expectation(declaration));
  }
}

std::vector<BoundValue> Binder::bind_members(const Owner& owner, const ParameterTable& table,
                                             const Node& map) {
  std::vector<BoundValue> values;
  values.reserve(map.members.size());
  for (const auto& member : map.members) {
    const auto* declaration = table.find(member.key);
    if (!declaration && owner.is_component && is_reserved(member.key)) continue;
    if (!declaration) {
      unknown_member(owner, table, member);
      continue;
    }
    const auto twin = std::find_if(values.begin(), values.end(),
                                   [&](const BoundValue& value) { return value.declaration == declaration; });
    if (twin != values.end()) {
      problems_.add(problem_ids::repeated_parameter, Place::of_key(member),
                    "the parameter \"" + declaration->name + "\" is given twice, under two of its names");
      continue;
    }
    ParameterValue value;
    bool read_well = false;
    if (owner.path)
      read_well = read(*declaration, member.value, ParameterPath(*owner.path, declaration->name), value);
    else
      read_well = read(*declaration, member.value, ParameterPath(declaration->name), value);
    // A value that could not be read stays in the list, as null, so that it does not count as missing.
    values.push_back({declaration, read_well ? std::move(value) : ParameterValue{}});
  }
  return values;
}

bool Binder::read(const ParameterDeclaration& declaration, const Node& node, const ParameterPath& path,
                  ParameterValue& value) {
  if (node.is_null() && !node.substituted) {
    if (takes_null(declaration)) {
      if (!declaration.nullable) value.data = Secret();
      return true;
    }
    refuse(declaration, node, path, declaration.required ? "" : "leave it out to use the default");
    return false;
  }
  if (declaration.kind == ParameterKind::list) return read_list(declaration, node, path, value);
  if (declaration.kind == ParameterKind::group)
    return takes_switch(declaration) && node.is_scalar() ? read_switch(declaration, node, path, value)
                                                         : read_group(declaration, node, path, value);
  if (declaration.kind == ParameterKind::reference && node.is_map() && read_in_place_)
    return read_component(declaration, node, path, value);
  if (!node.is_scalar()) {
    refuse(declaration, node, path, "");
    return false;
  }
  auto result = read_scalar(declaration, node);
  if (!result.value) {
    refuse(declaration, node, path, std::move(result.hint));
    return false;
  }
  value = std::move(*result.value);
  if (declaration.kind == ParameterKind::reference && references_)
    references_->push_back({declaration.interface_name, node.scalar, !problems_.may_show(node), path.text(),
                            Place::of(node), false});
  return true;
}

bool Binder::read_component(const ParameterDeclaration& declaration, const Node& node,
                            const ParameterPath& path, ParameterValue& value) {
  const std::string text = path.text();
  auto name = read_in_place_(declaration, node, text);
  if (!name) return false;
  references_->push_back({declaration.interface_name, *name, false, text, Place::of(node), false});
  value.data = ReferenceName{std::move(*name)};
  return true;
}

std::string Binder::full_path(const ParameterPath& path) const {
  return where_.empty() ? path.text() : where_ + "." + path.text();
}

bool Binder::read_list(const ParameterDeclaration& declaration, const Node& node, const ParameterPath& path,
                       ParameterValue& value) {
  if (!node.is_list()) {
    refuse(declaration, node, path, node.is_scalar() ? "write it in brackets: [...]" : "");
    return false;
  }
  const ParameterDeclaration element = element_of(declaration);
  ParameterList list(node.elements.size());
  bool read_well = true;
  for (std::size_t index = 0; index < list.size(); ++index)
    read_well &= read(element, node.elements[index], ParameterPath(path, index), list[index]);
  value.data = std::move(list);
  return read_well;
}

bool Binder::read_group(const ParameterDeclaration& declaration, const Node& node, const ParameterPath& path,
                        ParameterValue& value) {
  if (!node.is_map()) {
    const auto* const single = declaration.group->find(declaration.short_member);
    if (node.is_scalar() && single != nullptr) {
      ParameterValue member;
      if (!read(*single, node, ParameterPath(path, single->name), member)) return false;
      value.data = ParameterGroup{{single->name, std::move(member)}};
      return true;
    }
    refuse(declaration, node, path, "");
    return false;
  }
  const std::size_t errors_before = problems_.errors();
  auto members = bind_members({{}, &path, false}, *declaration.group, node);
  check_required(full_path(path), *declaration.group, Place::of(node), {&members});
  ParameterGroup group;
  group.reserve(members.size());
  for (auto& member : members)
    group.push_back({member.declaration->name, std::move(member.value)});
  value.data = std::move(group);
  return problems_.errors() == errors_before;
}

bool Binder::read_switch(const ParameterDeclaration& declaration, const Node& node, const ParameterPath& path,
                         ParameterValue& value) {
  ParameterDeclaration boolean;
  boolean.kind = ParameterKind::boolean;
  const auto on = read_scalar(boolean, node);
  if (!on.value) {
    refuse(declaration, node, path, "");
    return false;
  }
  if (!std::get<bool>(on.value->data)) return true;
  Node empty = node;
  empty.kind = Node::Kind::map;
  return read_group(declaration, empty, path, value);
}

void Binder::unknown_member(const Owner& owner, const ParameterTable& table, const NodeMember& member) {
  Suggestion suggestion(member.key);
  std::string names;
  for (const auto& declaration : table.declarations()) {
    suggestion.offer(declaration.name);
    for (const auto& alias : declaration.aliases)
      suggestion.offer(alias);
    names.append(names.empty() ? "" : ", ").append(declaration.name);
  }
  if (owner.is_component) {
    suggestion.offer("class");
    suggestion.offer("entries");
    suggestion.offer("name");
    suggestion.offer("lazy");
    suggestion.offer("start_timeout");
    suggestion.offer("optional");
  }
  std::string hint = suggestion.question();
  if (hint.empty()) {
    if (owner.is_component && member.key == "interface")
      hint = "write it under entries: [{interface: ..., name: ...}]";
    else if (owner.is_component && owner.class_name.ends_with("Cache") && is_part_of_cache(member.key))
      hint = "it belongs to a `class: Cache`, which takes this cache as its store";
    else if (names.empty())
      hint = "there are no parameters";
    else if (table.declarations().size() <= parameters_listed)
      hint = "the parameters are: " + names;
  }
  const std::string called = owner.path ? full_path(*owner.path) : std::string(owner.class_name);
  problems_.add(problem_ids::unknown_parameter, Place::of_key(member),
                called + " has no parameter " + problems_.shown_key(member.key), std::move(hint));
}

void Binder::refuse(const ParameterDeclaration& declaration, const Node& node, const ParameterPath& path,
                    std::string hint) {
  problems_.add(id_of(declaration.kind), Place::of(node),
                full_path(path) + ": expected " + expectation(declaration) + ", found " +
                    found(declaration, node, problems_),
                std::move(hint));
}

}  // namespace cachesite::binding
