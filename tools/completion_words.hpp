#pragma once

#include "arguments.hpp"

#include <cachesite/catalog.hpp>

#include <string>
#include <vector>

namespace cachesite::tool {

// What a shell may put in place of CLASS and NAME. Only words that need no quotes.

std::vector<std::string> class_words(const Catalog& catalog);
/// The names of the components in the files and in those that they include. It reads nothing else, makes
/// nothing, and leaves out what it cannot read.
std::vector<std::string> name_words(const std::vector<std::string>& files);

}  // namespace cachesite::tool
