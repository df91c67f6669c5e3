#pragma once

#include <cachesite/component_site.hpp>

#include <memory>
#include <string>
#include <vector>

namespace cachesite::reports {

// A component as reports show it: once, under one name.
struct ReportedComponent {
  std::string name;
  std::string class_name;
  std::shared_ptr<IComponent> component;  // null when it is lazy and not made yet
};

// The components of a site, sorted by name. Where `interface_name` is given, those registered under it.
[[nodiscard]] std::vector<ReportedComponent> reported_components(const ComponentSite& site,
                                                                 std::string_view interface_name = {});
// The same, with those in place of references under their paths.
[[nodiscard]] std::vector<ReportedComponent> all_components(const ComponentSite& site,
                                                            std::string_view interface_name = {});

}  // namespace cachesite::reports
