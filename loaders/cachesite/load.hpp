#pragma once

#include <cachesite/catalog.hpp>
#include <cachesite/clock.hpp>
#include <cachesite/component_site.hpp>
#include <cachesite/document.hpp>
#include <cachesite/document_reader.hpp>
#include <cachesite/logger.hpp>
#include <cachesite/problem.hpp>
#include <cachesite/time_span.hpp>

#include <chrono>
#include <filesystem>
#include <istream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite {

/// How component files are loaded. The defaults are right for a file with an extension that says its format,
/// written in the built-in classes, by somebody who may not read the program's environment and files.
struct LoadOptions {
  /// The language of the files; when not given, each file's extension decides.
  std::optional<Format> format = {};
  /// The classes that files may name.
  Catalog catalog = {};
  DocumentLimits limits = {};
  /// Allows `${env:NAME}` and `${file:/path}` (see substitution.hpp).
  bool allow_substitution = false;
  /// Where components log, and where loading warns; null: the unnamed ILogger of the
  /// files, else a logger of their unnamed or only ILoggerSite, if there is one.
  std::shared_ptr<ILogger> logger = {};
  /// Where components read the time; null is the machine's steady clock.
  std::shared_ptr<const IClock> clock = {};
  /// How long a component may take to start, unless the file says otherwise.
  TimeSpan start_timeout = std::chrono::milliseconds(60'000);
  /// Components of other classes are left out, with those that need them, and a warning (E307) for each; for
  /// programs that look into the files of others. Otherwise such a class is an error.
  bool leave_out_unknown_classes = false;
};

/// Loads a component file: reads it, makes every component that it declares, starts them, and returns the
/// site in which they are found. All or nothing: on any problem nothing is made, and LoadError tells every
/// problem of the file with its line and column. May be called from any thread, any number of times; each
/// call makes a site of its own.
///
///     auto site = cachesite::load_component_site("caches.yml");
///     auto cache = site->get_component<cachesite::ICache>("sessions");
[[nodiscard]] std::shared_ptr<ComponentSite> load_component_site(const std::filesystem::path& path);

/// Loads `default_component_file()`: two configurations, loggers, a cache in memory, and one on Redis that
/// connects when it is asked for.
[[nodiscard]] std::shared_ptr<ComponentSite> load_component_site();

/// The component file, in YAML, that is loaded when none is given.
[[nodiscard]] std::string_view default_component_file() noexcept;

/// As `load_component_site(path)`, with the classes of `catalog`: the built-in ones and the program's own.
[[nodiscard]] std::shared_ptr<ComponentSite> load_component_site(const std::filesystem::path& path,
                                                                 const Catalog& catalog);

/// As above, with everything that can be chosen.
[[nodiscard]] std::shared_ptr<ComponentSite> load_component_site(const std::filesystem::path& path,
                                                                 const LoadOptions& options);

/// Loads several files into one site. Where two files use the same interface and name, the later file wins.
/// A file that is a mapping may name others by `include`, a path or a list of paths relative to the file's
/// own folder: they count as if they stood before it, each once.
/// The problems of all files are reported at once.
[[nodiscard]] std::shared_ptr<ComponentSite> load_component_site_from_files(
    const std::vector<std::filesystem::path>& paths, const LoadOptions& options = {});

/// Loads from text. `options.format` does not matter.
[[nodiscard]] std::shared_ptr<ComponentSite> load_component_site_from_text(std::string_view text,
                                                                           Format format,
                                                                           const LoadOptions& options = {});

/// Loads from a stream, which is read to its end. `options.format` does not matter.
[[nodiscard]] std::shared_ptr<ComponentSite> load_component_site_from_stream(std::istream& stream,
                                                                             Format format,
                                                                             const LoadOptions& options = {});

/// Everything that is wrong with the files, in the order of the files and places: what a load would refuse
/// before it connects anywhere. When the files are sound, the components are constructed for that, and
/// released without being started. Problems of severity `warning` do not keep the files from being loaded;
/// among them is what a load logs about configurations, such as a setting that is in no session.
[[nodiscard]] std::vector<Problem> check_component_files(const std::vector<std::filesystem::path>& paths,
                                                         const LoadOptions& options = {});

}  // namespace cachesite
