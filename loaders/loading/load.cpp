#include "loading/file_reading.hpp"
#include "loading/replaced_components.hpp"

#include <cachesite/detail/file_documents.hpp>
#include <cachesite/detail/problem_text.hpp>
#include <cachesite/detail/site_builder.hpp>
#include <cachesite/document_reader.hpp>
#include <cachesite/load.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace cachesite {
namespace {

using loading::drop_replaced_components;
using loading::FileReading;
using loading::Reading;

void append(std::vector<Problem>& problems, const std::vector<Problem>& more) {
  problems.insert(problems.end(), more.begin(), more.end());
}

Reading read_files(const FilePaths& paths, const LoadOptions& options) {
  FileReading reading(options);
  for (const auto& path : paths)
    reading.read_file(path.text());
  auto taken = reading.take();
  drop_replaced_components(taken, options.catalog);
  return taken;
}

std::size_t rank(const std::vector<Document>& documents, const std::string& name) {
  const auto found = std::find_if(documents.begin(), documents.end(),
                                  [&](const Document& document) { return document.name == name; });
  return static_cast<std::size_t>(found - documents.begin());
}

bool is_error(const Problem& problem) {
  return problem.severity == Problem::Severity::error;
}

/// The problems of the documents beside those found while reading. A value that could not be put in has
/// been reported already, so what the binding makes of it is dropped.
void add_binding_problems(Reading& reading, const Catalog& catalog) {
  if (reading.incomplete) return;
  std::vector<Problem> found = check_component_site(reading.documents, catalog);
  const auto is_reported = [&](const Problem& problem) {
    return std::any_of(reading.problems.begin(), reading.problems.end(), [&](const Problem& known) {
      return is_error(known) && known.file == problem.file && known.position.line == problem.position.line;
    });
  };
  std::erase_if(found, is_reported);
  append(reading.problems, found);
  std::stable_sort(reading.problems.begin(), reading.problems.end(),
                   [&](const Problem& left, const Problem& right) {
                     return rank(reading.documents, left.file) < rank(reading.documents, right.file);
                   });
}

/// What the files declare, without what the options leave out of it.
Reading complete(Reading reading, const LoadOptions& options) {
  if (options.leave_out_unknown_classes && !reading.incomplete)
    append(reading.problems, leave_out_unknown_classes(reading.documents, options.catalog));
  return reading;
}

BuildOptions build_options(const LoadOptions& options) {
  return {options.logger,
          options.clock,
          file_documents(options.limits, options.allow_substitution),
          options.start_timeout,
          {}};
}

std::shared_ptr<ComponentSite> build(Reading read, const LoadOptions& options) {
  auto reading = complete(std::move(read), options);
  auto warnings = reading.problems;
  if (!warnings.empty()) {
    add_binding_problems(reading, options.catalog);
    if (std::any_of(reading.problems.begin(), reading.problems.end(), is_error))
      throw make_load_error(std::move(reading.problems), options.limits.problems);
  }
  auto given = build_options(options);
  given.warnings = std::move(warnings);
  return build_component_site(reading.documents, options.catalog, given);
}

}  // namespace

std::shared_ptr<ComponentSite> load_component_site(const LoadOptions& options) {
  FileReading reading(options);
  reading.read_with(Format::yaml, [&] {
    return read_document(default_component_file(), Format::yaml, "<default>", options.limits);
  });
  return build(reading.take(), options);
}

std::shared_ptr<ComponentSite> load_component_site(const FilePath& path, const Catalog& catalog) {
  LoadOptions options;
  options.catalog = catalog;
  return load_component_site(path, options);
}

std::shared_ptr<ComponentSite> load_component_site(const FilePath& path, const LoadOptions& options) {
  return load_component_site_from_files({path}, options);
}

std::shared_ptr<ComponentSite> load_component_site_from_files(const FilePaths& paths,
                                                              const LoadOptions& options) {
  return build(read_files(paths, options), options);
}

std::shared_ptr<ComponentSite> load_component_site_from_text(std::string_view text, Format format,
                                                             const LoadOptions& options) {
  FileReading reading(options);
  reading.read_with(format, [&] { return read_document(text, format, "<text>", options.limits); });
  return build(reading.take(), options);
}

std::shared_ptr<ComponentSite> load_component_site_from_stream(std::istream& stream, Format format,
                                                               const LoadOptions& options) {
  FileReading reading(options);
  reading.read_with(format, [&] { return read_document(stream, format, "<stream>", options.limits); });
  return build(reading.take(), options);
}

std::vector<Problem> check_component_files(const FilePaths& paths, const LoadOptions& options) {
  Reading reading = complete(read_files(paths, options), options);
  if (reading.incomplete || std::any_of(reading.problems.begin(), reading.problems.end(), is_error))
    add_binding_problems(reading, options.catalog);
  else
    append(reading.problems, try_component_site(reading.documents, options.catalog, build_options(options)));
  if (reading.problems.empty()) return {};
  return make_load_error(std::move(reading.problems), options.limits.problems).problems();
}

}  // namespace cachesite
