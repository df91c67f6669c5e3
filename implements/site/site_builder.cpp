#include "basics/per_process_mutex.hpp"
#include "site/blueprint.hpp"
#include "site/construction.hpp"
#include "site/secret_finder.hpp"

#include <cachesite/detail/problem_ids.hpp>
#include <cachesite/detail/problem_text.hpp>
#include <cachesite/detail/site_builder.hpp>

#include <algorithm>
#include <mutex>
#include <string>
#include <utility>

namespace cachesite {

namespace {

class ConfigWarnings final : public ILogger {
 public:
  [[nodiscard]] bool enabled(LogLevel level) const noexcept override {
    return level >= LogLevel::warning && level != LogLevel::off;
  }

  void write(LogLevel level, std::string_view topic, std::string_view message,
             std::span<const LogAttribute>) noexcept override {
    if (!enabled(level) || topic != "config") return;
    try {
      Problem problem;
      problem.severity = Problem::Severity::warning;
      problem.id = problem_ids::config_warning;
      problem.message = message;
      const std::lock_guard lock(mutex_);
      problems_.push_back(std::move(problem));
    } catch (...) {
      return;
    }
  }

  [[nodiscard]] std::vector<Problem> problems() const {
    const std::lock_guard lock(mutex_);
    return problems_;
  }

 private:
  mutable basics::PerProcessMutex mutex_;
  std::vector<Problem> problems_;
};

}  // namespace

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
  const auto warnings = std::make_shared<ConfigWarnings>();
  options.logger = warnings;
  const auto refused = std::make_shared<site::Construction>(blueprint, options)->try_all();
  for (const auto& more : {refused, warnings->problems()})
    problems.insert(problems.end(), more.begin(), more.end());
  return problems;
}

std::vector<ListedComponent> replaced_components(const std::vector<Document>& documents,
                                                 const Catalog& catalog) {
  const site::Blueprint blueprint(documents, catalog);
  std::vector<ListedComponent> replaced;
  for (const auto& item : blueprint.items()) {
    if (!item.is_replaced_by_later_documents()) continue;
    const Node& root = blueprint.documents()[item.document].root;
    const auto& list = root.is_map() ? root.find("components")->elements : root.elements;
    replaced.push_back({item.document, static_cast<std::size_t>(item.node - list.data())});
  }
  return replaced;
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
