#pragma once

#include <cachesite/document.hpp>

#include <cstddef>
#include <filesystem>
#include <istream>
#include <optional>
#include <string>
#include <string_view>

namespace cachesite {

/// How much a component file may ask for. A file beyond a limit is refused with a problem that names the
/// limit; no limit is ever applied by cutting something off. The defaults are far above what people write and
/// far below what could hurt a process: the worst file within them costs well under 64 MiB and 200 ms.
struct DocumentLimits {
  /// Bytes of one file.
  std::size_t file_bytes = std::size_t{1024} * 1024;
  /// Lists and mappings inside each other, counted after aliases are put in.
  std::size_t depth = 32;
  /// Values of one file, counted after aliases are put in; a value that has an anchor counts twice.
  std::size_t nodes = 100'000;
  /// Bytes of one text, number or key.
  std::size_t scalar_bytes = std::size_t{64} * 1024;
  /// Bytes of all texts, numbers and keys together, counted after aliases are put in.
  std::size_t text_bytes = std::size_t{4} * 1024 * 1024;
  /// Bytes of YAML that make one text, comment, or value in brackets. The YAML parser cannot say anything of
  /// a value in brackets before it has seen its end, and takes up to 240 bytes of memory for each byte of it.
  std::size_t yaml_value_bytes = std::size_t{192} * 1024;
  /// Values of one TOML file: the TOML parser makes a tree of its own first.
  std::size_t toml_values = std::size_t{32} * 1024;
  /// Tables of one TOML file: headers, and the mappings that keys with dots make. The TOML parser searches
  /// all of them for each.
  std::size_t toml_tables = std::size_t{2} * 1024;
  /// Keys of one mapping.
  std::size_t keys_per_map = 4096;
  /// Problems reported of one load; the last line then says how many there are beyond.
  std::size_t problems = 100;
};

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
