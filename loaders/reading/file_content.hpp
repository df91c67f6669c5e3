#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>

namespace cachesite::reading {

/// A file's bytes, or why there are none, as the end of a sentence ("does not exist").
struct FileContent {
  std::optional<std::string> bytes;
  std::string fault;
  bool too_large = false;
  /// Others than the owner may read the file.
  bool readable_by_others = false;
};

/// Reads a regular file, once and whole. Never waits for a pipe or a device, never takes more than `most`
/// bytes.
[[nodiscard]] FileContent read_file(const std::filesystem::path& path, std::size_t most);

}  // namespace cachesite::reading
