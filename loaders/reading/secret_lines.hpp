#pragma once

#include <cachesite/document.hpp>
#include <cachesite/problem.hpp>

#include <string>
#include <vector>

namespace cachesite::reading {

/// Marks the problems whose line may hold a secret, for a text that nobody understands yet: a line that names
/// something that sounds like a secret, or is called like one of `names`, and the lines that its value may
/// cover.
void hide_secret_lines(std::vector<Problem>& problems, Format format,
                       const std::vector<std::string>& names = {});

}  // namespace cachesite::reading
