#pragma once

#include <cachesite/detail/file_path.hpp>
#include <cachesite/document.hpp>

#include <cstddef>
#include <istream>
#include <optional>
#include <string>
#include <string_view>

namespace cachesite {

/// Limits for a component file. A file beyond a limit is refused with a problem that names the limit; nothing
/// is ever truncated. The defaults are far above normal files and far below harmful ones: the worst file
/// within them costs well under 64 MiB and 200 ms.
struct DocumentLimits {
  /// Bytes of one file.
  std::size_t file_bytes = std::size_t{1024} * 1024;
  /// Depth of nested lists and mappings, after aliases are expanded.
  std::size_t depth = 32;
  /// Values of one file, after aliases are expanded; a value with an anchor counts twice.
  std::size_t nodes = 100'000;
  /// Bytes of one text, number or key.
  std::size_t scalar_bytes = std::size_t{64} * 1024;
  /// Bytes of all texts, numbers and keys together, after aliases are expanded.
  std::size_t text_bytes = std::size_t{4} * 1024 * 1024;
  /// Bytes of one text, comment, or value in brackets in YAML. The YAML parser reads a value in brackets as a
  /// whole, and takes up to 240 bytes of memory for each byte of it.
  std::size_t yaml_value_bytes = std::size_t{192} * 1024;
  /// Values of one TOML file: the TOML parser makes a tree of its own first.
  std::size_t toml_values = std::size_t{32} * 1024;
  /// Tables of one TOML file: headers, and mappings from keys with dots. The TOML parser searches all of them
  /// for each.
  std::size_t toml_tables = std::size_t{2} * 1024;
  /// Keys of one mapping.
  std::size_t keys_per_map = 4096;
  /// Problems that one load reports; the last line then says how many more there are.
  std::size_t problems = 100;
};

/// The format of the extension of a path (`.yaml`, `.yml`, `.json`, `.toml`, `.tml`, in upper or lower case).
[[nodiscard]] std::optional<Format> format_from_path(const FilePath& path);

/// These functions read text into a Document: the tree of its values, each with its place. They know nothing
/// about components. All throw LoadError with every problem; a file with a syntax error is read up to that
/// place. They are thread-safe and need less than 48 KiB of stack.
///
/// Refused in all languages: text that is not UTF-8, control characters, a key given twice in one mapping,
/// content after the first document, and files beyond `DocumentLimits`. In YAML also: merge keys (`<<`), tags
/// other than `!!str`, `!!seq` and `!!map`, keys that are not text, and aliases that are unknown or inside
/// their own anchor.
///
/// Scalars are the same in all languages: decimal numbers in JSON's notation, `true`, `false`, and null (in
/// YAML `~`, `null`, `Null`, `NULL` or nothing). Everything else, and every quoted scalar, is text. Other
/// numbers of TOML are converted to that notation: `1_000` to 1000, `0xFF` to 255; its dates, `inf` and `nan`
/// are text.

/// Reads text. `name` is its name in messages.
[[nodiscard]] Document read_document(std::string_view text, Format format, std::string name = "<text>",
                                     const DocumentLimits& limits = {});

/// Reads a stream to its end.
[[nodiscard]] Document read_document(std::istream& stream, Format format, std::string name = "<stream>",
                                     const DocumentLimits& limits = {});

/// Reads a regular file (or a link to one); never a pipe, a device or a directory. Without `format` the
/// extension decides.
[[nodiscard]] Document read_document(const FilePath& path, std::optional<Format> format = {},
                                     const DocumentLimits& limits = {});

}  // namespace cachesite
