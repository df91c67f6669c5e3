#pragma once

#include <cachesite/catalog.hpp>
#include <cachesite/clock.hpp>
#include <cachesite/component_site.hpp>
#include <cachesite/detail/document_source.hpp>
#include <cachesite/document.hpp>
#include <cachesite/logger.hpp>
#include <cachesite/problem.hpp>
#include <cachesite/time_span.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <vector>

namespace cachesite {

/// What components are given beside their parameters.
struct BuildOptions {
  /// Where components log. When null: the unnamed ILogger of the documents, else a logger of their unnamed or
  /// only ILoggerSite, else nowhere.
  std::shared_ptr<ILogger> logger;
  /// Where components read the time; null is the machine's steady clock.
  std::shared_ptr<const IClock> clock;
  /// Where components read files; null refuses every file.
  std::shared_ptr<const IDocumentSource> documents = {};
  /// How long a component may take to start, unless the document says otherwise. A component that takes
  /// longer keeps the site from being built.
  TimeSpan start_timeout = std::chrono::milliseconds(60'000);
  /// What reading the documents has warned of; logged with the warnings of the build.
  std::vector<Problem> warnings = {};
};

/// Makes and starts everything that the documents declare, or nothing.
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

/// Everything that is wrong with the documents, sorted by document and place; nothing is made. A problem of
/// severity `warning` does not keep `build_component_site` from succeeding.
[[nodiscard]] std::vector<Problem> check_component_site(const std::vector<Document>& documents,
                                                        const Catalog& catalog);

/// As above, and what the components refuse by themselves, such as a certificate that cannot be read: if
/// nothing else is wrong, those that `build_component_site` makes are constructed, and released without being
/// started. Configurations read their files for it, and sinks of a logger open theirs; nothing connects
/// anywhere. Nothing is logged: what `build_component_site` logs as warnings or errors of configurations is a
/// problem of severity `warning`, without a file.
[[nodiscard]] std::vector<Problem> try_component_site(const std::vector<Document>& documents,
                                                      const Catalog& catalog, BuildOptions options);

/// A component that stands in the list of components of a document.
struct ListedComponent {
  std::size_t document;  ///< the index of the document
  std::size_t element;   ///< the index in its list
};

/// The components that are not made, since later documents take all of their names; in the order of the
/// documents.
[[nodiscard]] std::vector<ListedComponent> replaced_components(const std::vector<Document>& documents,
                                                               const Catalog& catalog);
/// Takes out of the documents each component whose class is not in the catalog, each one that needs one of
/// those, and defaults for such classes, so that the rest can be looked at by who does not know the classes of
/// a program. Returns a problem of severity `warning` (E307) for each component that is left out.
[[nodiscard]] std::vector<Problem> leave_out_unknown_classes(std::vector<Document>& documents,
                                                             const Catalog& catalog);

/// Decides which of the problems may show their line, as `check_component_site` does for its own: marks those
/// whose line holds a secret of the document by the declarations in the catalog, and takes the mark from its
/// other problems. Only problems with the document's own source count. A secret is the value of a parameter
/// that is declared as one, wherever it is given; what is declared nowhere, such as the values of an unknown
/// class, counts as one.
void mark_confidential(std::vector<Problem>& problems, const Document& document, const Catalog& catalog);

}  // namespace cachesite
