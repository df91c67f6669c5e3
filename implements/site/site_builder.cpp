#include "site/blueprint.hpp"
#include "site/construction.hpp"
#include "site/secret_finder.hpp"

#include <cachesite/problem_text.hpp>
#include <cachesite/site_builder.hpp>

#include <algorithm>

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

std::vector<Problem> try_component_site(const std::vector<Document>& documents, const Catalog& catalog,
                                        BuildOptions options) {
  const auto blueprint = std::make_shared<const site::Blueprint>(documents, catalog);
  auto problems = blueprint->problems().sorted();
  if (blueprint->problems().has_errors()) return problems;
  options.logger = std::make_shared<SilentLogger>();
  const auto refused = std::make_shared<site::Construction>(blueprint, options)->try_all();
  problems.insert(problems.end(), refused.begin(), refused.end());
  return problems;
}

void mark_confidential(std::vector<Problem>& problems, const Document& document, const Catalog& catalog) {
  const auto concerned = [&](const Problem& problem) {
    return document.source && problem.source == document.source;
  };
  if (std::none_of(problems.begin(), problems.end(), concerned)) return;
  const auto hidden = site::SecretFinder(catalog).find(document);
  for (auto& problem : problems)
    if (concerned(problem)) problem.confidential = hidden.has_line(problem.position.line);
}

}  // namespace cachesite
