#pragma once

#include <string>

#include <CLI/CLI.hpp>

namespace cachesite::tool {

// What is made from the table of commands, so that it says what the program does.

/// A script for bash that completes commands, options and file names.
std::string bash_completion(const CLI::App& app);
/// The same for zsh, with the texts of the help.
std::string zsh_completion(const CLI::App& app);
/// The same for fish.
std::string fish_completion(const CLI::App& app);
/// The manual page, section 1.
std::string man_page(const CLI::App& app);

}  // namespace cachesite::tool
