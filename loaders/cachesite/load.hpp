#pragma once

#include <cachesite/component_site.hpp>
#include <cachesite/document.hpp>
#include <cachesite/load_options.hpp>
#include <cachesite/problem.hpp>

#include <filesystem>
#include <istream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite {

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
