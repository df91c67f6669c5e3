#pragma once

#include <cstddef>

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

}  // namespace cachesite
