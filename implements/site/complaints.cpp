#include "site/complaints.hpp"

#include "binding/secret_scrubber.hpp"

#include <cachesite/problem_ids.hpp>

#include <string_view>
#include <vector>

namespace cachesite::site {

namespace {

// Where the item gives the parameter, else its defaults, else the item itself.
binding::Place place_of(const Item& item, std::string_view parameter) {
  for (const Node* map : {item.node, item.defaults})
    for (const auto& member : map ? map->members : std::vector<NodeMember>())
      if (const auto* declaration = item.component_class->parameters.find(member.key))
        if (declaration->name == parameter) return binding::Place::of(member.value);
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
