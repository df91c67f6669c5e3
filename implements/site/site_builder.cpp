#include "site/blueprint.hpp"
#include "site/construction.hpp"

#include <cachesite/problem_text.hpp>
#include <cachesite/site_builder.hpp>

namespace cachesite {

std::shared_ptr<ComponentSite> build_component_site(const std::vector<Document>& documents,
                                                    const Catalog& catalog, const BuildOptions& options) {
  auto blueprint = std::make_shared<const site::Blueprint>(documents, catalog);
  const auto problems = blueprint->problems().sorted();
  if (blueprint->problems().has_errors()) throw make_load_error(problems);
  const auto construction = std::make_shared<site::Construction>(std::move(blueprint), options);
  auto site = construction->build();
  for (const auto* warnings : {&options.warnings, &problems})
    for (const auto& warning : *warnings)
      construction->logger().log(LogLevel::warning, "site", to_text(warning));
  return site;
}

std::vector<Problem> check_component_site(const std::vector<Document>& documents, const Catalog& catalog) {
  return site::Blueprint(documents, catalog).problems().sorted();
}

}  // namespace cachesite
