#pragma once

#include <cachesite/catalog.hpp>
#include <cachesite/clock.hpp>
#include <cachesite/component_site.hpp>
#include <cachesite/detail/file_path.hpp>
#include <cachesite/detail/time_span.hpp>
#include <cachesite/document.hpp>
#include <cachesite/document_reader.hpp>
#include <cachesite/logger.hpp>
#include <cachesite/problem.hpp>

#include <chrono>
#include <istream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite {

/// How component files are loaded. The defaults are for a file with a known extension and built-in classes,
/// which may not read the program's environment and files.
struct LoadOptions {
  /// The format of the files; when not given, each file's extension decides.
  std::optional<Format> format = {};
  /// The classes that files may name.
  Catalog catalog = {};
  DocumentLimits limits = {};
  /// Allows `${env:NAME}` and `${file:/path}` (see substitution.hpp).
  bool allow_substitution = false;
  /// The logger for components and for warnings of loading; null: the unnamed ILogger of the files, otherwise
  /// a logger of their unnamed or only ILoggerSite, if there is one.
  std::shared_ptr<ILogger> logger = {};
  /// The clock of components; null is the machine's steady clock.
  std::shared_ptr<const IClock> clock = {};
  /// Longest time for the start of a component, unless the file gives one.
  TimeSpan start_timeout = std::chrono::milliseconds(60'000);
  /// Leaves out components of unknown classes and their dependants, with a warning (E307) for each, for
  /// programs that inspect files of others. Otherwise an unknown class is an error.
  bool leave_out_unknown_classes = false;
};

/// Loads a component file: reads it, creates and starts its components, and returns the site with them. All
/// or nothing: on any problem it throws LoadError with every problem of the file, each with its line and
/// column, and nothing stays. May be called from any thread, any number of times; each call makes a new site.
///
///     auto site = cachesite::load_component_site("caches.yml");
///     auto cache = site->get_component<cachesite::ICache>("sessions");
[[nodiscard]] inline std::shared_ptr<ComponentSite> load_component_site(const FilePath& path);

/// Loads `default_component_file()`: two configurations, loggers, a cache in memory, and one on Redis that
/// connects at its first lookup.
[[nodiscard]] std::shared_ptr<ComponentSite> load_component_site(const LoadOptions& options);
[[nodiscard]] inline std::shared_ptr<ComponentSite> load_component_site() {
  return load_component_site(LoadOptions{});
}

/// The default component file, in YAML.
[[nodiscard]] std::string_view default_component_file() noexcept;

/// As `load_component_site(path)`, with the classes of `catalog`: the built-in ones and the program's own.
[[nodiscard]] std::shared_ptr<ComponentSite> load_component_site(const FilePath& path,
                                                                 const Catalog& catalog);

/// As above, with all options.
[[nodiscard]] std::shared_ptr<ComponentSite> load_component_site(const FilePath& path,
                                                                 const LoadOptions& options);

/// Loads several files into one site. Where two files use the same interface and name, the later file wins. A
/// file that is a mapping may name others by `include`, a path or a list of paths relative to the file's own
/// folder: they are read before it, each once. The problems of all files are reported at once.
[[nodiscard]] std::shared_ptr<ComponentSite> load_component_site_from_files(const FilePaths& paths,
                                                                            const LoadOptions& options = {});

/// Loads from text. `options.format` is ignored.
[[nodiscard]] std::shared_ptr<ComponentSite> load_component_site_from_text(std::string_view text,
                                                                           Format format,
                                                                           const LoadOptions& options = {});

/// Loads from a stream, which is read to its end. `options.format` is ignored.
[[nodiscard]] std::shared_ptr<ComponentSite> load_component_site_from_stream(std::istream& stream,
                                                                             Format format,
                                                                             const LoadOptions& options = {});

/// All problems of the files, in the order of files and places: everything that loading refuses before it
/// connects. If the files have no errors, the components are also constructed, but not started. Problems of
/// severity `warning` do not prevent loading; they include messages that loading logs about configurations,
/// such as a setting outside of all sessions.
[[nodiscard]] std::vector<Problem> check_component_files(const FilePaths& paths,
                                                         const LoadOptions& options = {});

// Here, so that the headers of the program make the options.
inline std::shared_ptr<ComponentSite> load_component_site(const FilePath& path) {
  return load_component_site(path, LoadOptions{});
}

}  // namespace cachesite
