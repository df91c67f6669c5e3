#pragma once

#include <cachesite/document.hpp>

#include <string>

namespace cachesite {

/// The tree as text that `read_document` reads back to an equal tree: indented by two, members in their
/// order, a line end at the end. In YAML, text is left unquoted where it reads back as the same text;
/// everything else is between double quotes. Throws std::invalid_argument for a text that is not UTF-8 and
/// for a number that is none, since no language can say them; in TOML also for null, a number that takes more
/// than 64 bits, and anything but a mapping at the top.
[[nodiscard]] std::string write_document(const Node& root, Format format);

}  // namespace cachesite
