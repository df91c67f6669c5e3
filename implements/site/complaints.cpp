#include "site/complaints.hpp"

#include "binding/secret_scrubber.hpp"

#include <cachesite/detail/problem_ids.hpp>

#include <string_view>
#include <vector>

namespace cachesite::site {

namespace {

// Where a mapping gives the parameter, or as much of its path (`codec.keys`) as it gives.
const Node* find_parameter(const Node& map, const ParameterTable& table, std::string_view path) {
  const auto name = path.substr(0, path.find('.'));
  for (const auto& member : map.members) {
    const auto* const declaration = table.find(member.key);
    if (!declaration || declaration->name != name) continue;
    const Node* inner = name.size() < path.size() && declaration->group
                            ? find_parameter(member.value, *declaration->group, path.substr(name.size() + 1))
                            : nullptr;
    return inner ? inner : &member.value;
  }
  return nullptr;
}

// Where the item gives the parameter, else its defaults, else the item itself.
binding::Place place_of(const Item& item, std::string_view parameter) {
  for (const Node* map : {item.node, item.defaults})
    if (map)
      if (const Node* given = find_parameter(*map, item.component_class->parameters, parameter))
        return binding::Place::of(*given);
  return item.place;
}

}  // namespace

void report_complaints(const Item& item, const void* options, binding::ProblemList& problems) {
  const ComponentClass& component_class = *item.component_class;
  binding::SecretScrubber scrubber;
  scrubber.add_options(component_class.parameters, options);
  for (const auto& complaint : component_class.complaints(options)) {
    problems.add(
        problem_ids::parameters_disagree, place_of(item, complaint.parameter),
        scrubber.scrub(complaint.parameter.empty() ? item.said(complaint.message)
                                                   : item.said_of(complaint.parameter, complaint.message)));
  }
}

}  // namespace cachesite::site
