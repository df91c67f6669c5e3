#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace cachesite::tool {

// What is made from the table of commands, so that it says what the program does.

/// The commands, without those that only completions use.
std::vector<const CLI::App*> shown_commands(const CLI::App& app);
/// Those that there is a completion for.
const std::vector<std::string>& shells();
/// A script for one of the shells that completes commands, options, names of files, classes and components.
std::string completion(const CLI::App& app, const std::string& shell);
/// The manual page, section 1.
std::string man_page(const CLI::App& app);

}  // namespace cachesite::tool
