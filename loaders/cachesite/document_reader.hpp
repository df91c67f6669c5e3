#pragma once

#include <cachesite/document.hpp>
#include <cachesite/document_limits.hpp>
#include <cachesite/format.hpp>

#include <filesystem>
#include <istream>
#include <optional>
#include <string>
#include <string_view>

namespace cachesite {

/// The format that the extension of a path (`.yaml`, `.yml`, `.json`, `.toml`, `.tml`, in letters of any
/// case) stands for.
[[nodiscard]] std::optional<Format> format_from_path(const std::filesystem::path& path);

/// Reading turns text into a Document: the tree of its values, each with its place. It knows nothing about
/// components. All three functions throw LoadError with every problem found; a file that breaks the grammar
/// of its language is read up to that place. They are safe to call from several threads at once and need less
/// than 48 KiB of stack.
///
/// What is refused, in all languages: text that is not UTF-8, control characters, a key given twice in one
/// mapping, anything after the first document, and whatever is beyond `DocumentLimits`. In YAML also: merge
/// keys (`<<`), tags other than `!!str`, `!!seq` and `!!map`, keys that are not text, and aliases that are
/// unknown or lie inside what they stand for.
///
/// What a scalar is does not depend on the language either: decimal numbers in JSON's notation, `true`,
/// `false`, and null (in YAML `~`, `null`, `Null`, `NULL` or nothing at all). Anything else is text, and
/// whatever is quoted is text. TOML's other numbers are given in that notation: `1_000` as 1000, `0xFF` as
/// 255; its dates, `inf` and `nan` are text.

/// Reads text that is at hand. `name` is what messages call it.
[[nodiscard]] Document read_document(std::string_view text, Format format, std::string name = "<text>",
                                     const DocumentLimits& limits = {});

/// Reads a stream to its end.
[[nodiscard]] Document read_document(std::istream& stream, Format format, std::string name = "<stream>",
                                     const DocumentLimits& limits = {});

/// Reads a regular file (or a link to one); never a pipe, a device or a directory. Without `format` the
/// extension decides.
[[nodiscard]] Document read_document(const std::filesystem::path& path, std::optional<Format> format = {},
                                     const DocumentLimits& limits = {});

}  // namespace cachesite
