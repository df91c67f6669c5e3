#include "site_access.hpp"

#include <chrono>
#include <memory>

namespace cachesite::tool {

std::vector<std::filesystem::path> paths_of(const Arguments& arguments) {
  return {arguments.files.begin(), arguments.files.end()};
}

LoadOptions load_options(const Arguments& arguments, const Catalog& catalog) {
  LoadOptions options;
  options.catalog = catalog;
  options.leave_out_unknown_classes = arguments.skip_unknown;
  options.allow_substitution = true;
  options.logger = std::make_shared<ConsoleLogger>();
  return options;
}

Exit with_site(const Arguments& arguments, const Catalog& catalog,
               const std::function<Exit(const ComponentSite&)>& command) {
  const auto site = load_component_site_from_files(paths_of(arguments), load_options(arguments, catalog));
  const auto status = command(*site);
  for (const auto& left : site->stop_within(std::chrono::seconds(10)))
    complain(left + " does not stop");
  return status;
}

}  // namespace cachesite::tool
