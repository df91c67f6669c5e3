#include "reports/reported_component.hpp"

#include "binding/component_name.hpp"

#include <algorithm>
#include <string_view>
#include <tuple>

namespace cachesite::reports {

namespace {

void sort(std::vector<ReportedComponent>& reported) {
  std::sort(reported.begin(), reported.end(), [](const auto& left, const auto& right) {
    return std::tie(left.name, left.class_name) < std::tie(right.name, right.class_name);
  });
}

}  // namespace

std::vector<ReportedComponent> reported_components(const ComponentSite& site,
                                                   std::string_view interface_name) {
  std::vector<ReportedComponent> reported;
  for (auto& entry : site.entries()) {
    if (!interface_name.empty() && entry.interface_name != interface_name) continue;
    const auto same = std::find_if(reported.begin(), reported.end(), [&](const ReportedComponent& other) {
      if (entry.component) return other.component.get() == entry.component.get();
      // Lazy ones cannot be told apart but by what is known of them.
      return !other.component && other.name == entry.name && other.class_name == entry.class_name;
    });
    if (same == reported.end())
      reported.push_back({entry.name, entry.class_name, std::move(entry.component)});
    else if (same->name.empty())
      same->name = entry.name;
  }
  sort(reported);
  return reported;
}

std::vector<ReportedComponent> all_components(const ComponentSite& site, std::string_view interface_name) {
  auto reported = reported_components(site, interface_name);
  for (auto& declared : site.declared_components())
    if (!declared.in_place.empty() &&
        (interface_name.empty() || declared.component_class->find_interface(interface_name)))
      reported.push_back({std::string(binding::shown_name(declared.in_place)), declared.component_class->name,
                          std::move(declared.component)});
  sort(reported);
  return reported;
}

}  // namespace cachesite::reports
