#pragma once

#include <cachesite/catalog.hpp>
#include <cachesite/clock.hpp>
#include <cachesite/component_site.hpp>
#include <cachesite/detail/document_source.hpp>
#include <cachesite/detail/time_span.hpp>
#include <cachesite/document.hpp>
#include <cachesite/logger.hpp>
#include <cachesite/problem.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <vector>

namespace cachesite {

/// What components get besides their parameters.
struct BuildOptions {
  /// The logger for components. When null: the unnamed ILogger of the documents, otherwise a logger of their
  /// unnamed or only ILoggerSite, otherwise none.
  std::shared_ptr<ILogger> logger;
  /// The clock of components; null is the machine's steady clock.
  std::shared_ptr<const IClock> clock;
  /// Reads files for components; null refuses every file.
  std::shared_ptr<const IDocumentSource> documents = {};
  /// Longest time for the start of a component, unless the document gives one. When a component takes longer,
  /// building fails.
  TimeSpan start_timeout = std::chrono::milliseconds(60'000);
  /// Warnings from reading the documents; logged with the warnings of the build.
  std::vector<Problem> warnings = {};
};

/// Creates and starts all components of the documents, or none.
///
/// A document is a list of components, or a mapping whose `components` is that list; the mapping may also
/// hold `defaults`, which gives parameters by class for the components of the same document. A component is a
/// mapping: `class`, `entries` (a list of `{interface, name}`, under which it is found) or `name` (for every
/// interface that it offers, unless the class has a parameter of that name), and its parameters;
/// with `lazy: true` it is made and started when one of its names is looked up for the first time, unless
/// another component refers to it, and again at the next lookup when that fails (the lookup then throws
/// LoadError); `start_timeout` limits how long it may take to start; the site works without one that is
/// `optional: true`, which `health_report` takes into account. A component without entries is made and
/// lives as long as the site. When several documents, or two items of one document, use the same interface
/// and name, the later takes the name; an earlier component that loses all of its names that way is not made.
/// One with `name` that loses it to another with `name` loses it for every interface. A parameter that refers
/// to another component may hold a mapping with `class` in place of its name: a component that no lookup
/// finds, made and started before the one that it is in, and stopped after it.
///
/// Components that others refer to are made first, otherwise the order of the documents counts. All are
/// started before any start is waited for, so slow starts overlap. A component whose options derive from
/// SessionOptions takes what the documents do not give from the session of a configuration. Throws LoadError
/// with every problem of every document; then nothing has been made. When a constructor or a start throws,
/// what was made is stopped in the opposite order and released, and the LoadError says which component
/// refused.
[[nodiscard]] std::shared_ptr<ComponentSite> build_component_site(const std::vector<Document>& documents,
                                                                  const Catalog& catalog,
                                                                  const BuildOptions& options = {});

/// All problems of the documents, sorted by document and place; nothing is created. A problem of severity
/// `warning` does not keep `build_component_site` from succeeding.
[[nodiscard]] std::vector<Problem> check_component_site(const std::vector<Document>& documents,
                                                        const Catalog& catalog);

/// As above, plus the failures of constructors, such as an unreadable certificate: if there are no other
/// errors, the components are constructed, but not started. Configurations read their files; nothing
/// connects. Nothing is logged: warnings and errors that `build_component_site` would log about
/// configurations are problems of severity `warning`, without a file.
[[nodiscard]] std::vector<Problem> try_component_site(const std::vector<Document>& documents,
                                                      const Catalog& catalog, BuildOptions options);

/// A component in the list of components of a document.
struct ListedComponent {
  std::size_t document;  ///< the index of the document
  std::size_t element;   ///< the index in its list
};

/// The components that are not created, since later documents take all of their names; in the order of the
/// documents.
[[nodiscard]] std::vector<ListedComponent> replaced_components(const std::vector<Document>& documents,
                                                               const Catalog& catalog);
/// Removes from the documents each component whose class is not in the catalog, its dependants, and defaults
/// for such classes, so that a tool without the classes of a program can inspect the rest. Returns a problem
/// of severity `warning` (E307) for each component that is left out.
[[nodiscard]] std::vector<Problem> leave_out_unknown_classes(std::vector<Document>& documents,
                                                             const Catalog& catalog);

/// Decides which of the problems may show their line: marks those whose line holds a secret, by the
/// declarations in the catalog, and unmarks the others. Only problems with the document's source are
/// affected. A secret is the value of a secret parameter, wherever it is given; values without a declaration,
/// such as those of an unknown class, count as secret.
void mark_confidential(std::vector<Problem>& problems, const Document& document, const Catalog& catalog);

}  // namespace cachesite
