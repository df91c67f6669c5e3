#include "site/composition.hpp"
#include "site/construction.hpp"
#include "site/item_reader.hpp"

#include <cachesite/problem_text.hpp>
#include <cachesite/site_builder.hpp>

namespace cachesite {

namespace {

std::vector<site::Item> read_items(const std::vector<Document>& documents, const Catalog& catalog,
                                   binding::ProblemList& problems) {
  site::ItemReader reader(catalog, problems);
  for (std::size_t index = 0; index < documents.size(); ++index)
    reader.read(documents[index], index);
  return reader.take();
}

[[noreturn]] void refuse(const binding::ProblemList& problems) {
  throw make_load_error(problems.sorted());
}

}  // namespace

std::shared_ptr<ComponentSite> build_component_site(const std::vector<Document>& documents,
                                                    const Catalog& catalog, const BuildOptions& options) {
  binding::ProblemList problems;
  auto items = read_items(documents, catalog, problems);
  const site::Composition composition(documents, items, problems);
  if (problems.has_errors()) refuse(problems);
  const auto warnings = problems.sorted();

  site::Construction construction(documents, items, composition, options, problems);
  auto site = construction.site();
  construction.make_all();
  if (!problems.has_errors()) construction.start_all();
  if (problems.has_errors()) {
    site->stop();
    refuse(problems);
  }
  for (const auto& warning : warnings)
    construction.logger().log(LogLevel::warning, "site", to_text(warning));
  return site;
}

std::vector<Problem> check_component_site(const std::vector<Document>& documents, const Catalog& catalog) {
  binding::ProblemList problems;
  auto items = read_items(documents, catalog, problems);
  const site::Composition composition(documents, items, problems);
  return problems.sorted();
}

}  // namespace cachesite
