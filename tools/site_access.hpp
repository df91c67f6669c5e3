#pragma once

#include "answer.hpp"
#include "arguments.hpp"

#include <cachesite/cachesite.hpp>

#include <filesystem>
#include <functional>
#include <vector>

namespace cachesite::tool {

std::vector<std::filesystem::path> paths_of(const Arguments& arguments);
LoadOptions load_options(const Arguments& arguments, const Catalog& catalog);
/// Loads the files, runs the command, and stops the site.
Exit with_site(const Arguments& arguments, const Catalog& catalog,
               const std::function<Exit(const ComponentSite&)>& command);

}  // namespace cachesite::tool
