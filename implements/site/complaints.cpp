#include "site/complaints.hpp"

#include <cachesite/problem_ids.hpp>

namespace cachesite::site {

void report_complaints(const Item& item, const void* options, binding::ProblemList& problems) {
  const ComponentClass& component_class = *item.component_class;
  for (const auto& complaint : component_class.complaints(options)) {
    binding::Place place = item.place;
    for (const auto& member : item.node->members)
      if (const auto* declaration = component_class.parameters.find(member.key))
        if (declaration->name == complaint.parameter) place = binding::Place::of(member.value);
    problems.add(
        problem_ids::parameters_disagree, place,
        complaint.parameter.empty() ? complaint.message : complaint.parameter + ": " + complaint.message);
  }
}

}  // namespace cachesite::site
