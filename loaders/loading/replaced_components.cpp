#include "loading/replaced_components.hpp"

#include <cachesite/detail/document_problem_ids.hpp>
#include <cachesite/detail/site_builder.hpp>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <vector>

namespace cachesite::loading {
namespace {

bool is_missing_value(const Problem& problem) {
  return problem.id == document_problem_ids::unset_variable ||
         problem.id == document_problem_ids::unreadable_value;
}

bool stands_in(const Problem& problem, const Node& node) {
  if (node.is_scalar())
    return node.position.line == problem.position.line && node.position.column <= problem.position.column &&
           (node.length == 0 || problem.position.column < node.position.column + node.length);
  return std::any_of(node.elements.begin(), node.elements.end(),
                     [&](const Node& element) { return stands_in(problem, element); }) ||
         std::any_of(node.members.begin(), node.members.end(),
                     [&](const NodeMember& member) { return stands_in(problem, member.value); });
}

/// A component whose names lack a value may have others when it is there.
bool lacks_names(const Node& component, const std::vector<Problem>& missing) {
  for (const auto* key : {"class", "entries", "name"})
    for (const auto& problem : missing)
      if (const Node* node = component.find(key); node && stands_in(problem, *node)) return true;
  return false;
}

std::vector<Node>* components_of(Document& document) {
  if (document.root.is_list()) return &document.root.elements;
  for (auto& member : document.root.members)
    if (member.key == "components" && member.value.is_list()) return &member.value.elements;
  return nullptr;
}

}  // namespace

void drop_replaced_components(Reading& reading, const Catalog& catalog) {
  const bool lacks_values = std::any_of(reading.problems.begin(), reading.problems.end(), is_missing_value);
  if (!lacks_values || reading.incomplete) return;
  auto replaced = replaced_components(reading.documents, catalog);
  std::reverse(replaced.begin(), replaced.end());  // what is taken out moves no index that is still to come
  for (const ListedComponent& each : replaced) {
    Document& document = reading.documents[each.document];
    auto& elements = *components_of(document);
    const Node& component = elements[each.element];
    const auto is_in_it = [&](const Problem& problem) {
      return is_missing_value(problem) && problem.file == document.name && stands_in(problem, component);
    };
    std::vector<Problem> missing;
    std::copy_if(reading.problems.begin(), reading.problems.end(), std::back_inserter(missing), is_in_it);
    if (missing.empty() || lacks_names(component, missing)) continue;
    std::erase_if(reading.problems, is_in_it);
    elements.erase(elements.begin() + static_cast<std::ptrdiff_t>(each.element));
  }
}

}  // namespace cachesite::loading
