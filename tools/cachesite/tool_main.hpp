#pragma once

#include <cachesite/catalog.hpp>

namespace cachesite {

/// The command-line program `cachesite` as a function, for a program whose files name classes of its own: it
/// checks, describes and opens them as it does the built-in ones. Link cachesite::tool_main for it.
///
///     int main(int count, char** words) {
///       cachesite::Catalog catalog;
///       catalog.add<PoliteGreeter>("PoliteGreeter");
///       return cachesite::tool_main(count, words, catalog);
///     }
///
/// Reads and writes the standard streams, and returns the exit status: 0 done, 1 miss or no, 2 usage, 3
/// invalid configuration, 4 backend unreachable or failed, or output that is lost. In messages and in its help
/// the program is called as `words[0]` calls it. Never throws; call it once, from `main`.
[[nodiscard]] int tool_main(int count, char** words, const Catalog& catalog = Catalog()) noexcept;

}  // namespace cachesite
