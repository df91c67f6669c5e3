#pragma once

#include <cachesite/document.hpp>

#include <string>

namespace cachesite {

/// The tree as text that `read_document` reads back as an equal tree: indented by two, members in their
/// order, with a line end at the end. In YAML, text is unquoted where it reads back as the same text; all
/// other text is in double quotes. Throws std::invalid_argument for text that is not UTF-8 and for an invalid
/// number; in TOML also for null, a number of more than 64 bits, and anything but a mapping at the top.
[[nodiscard]] std::string write_document(const Node& root, Format format);

}  // namespace cachesite
