#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace cachesite::bench {

// One trace: the requested keys in order, numbered from 0 by first appearance.
struct Trace {
  std::string name;
  std::vector<std::uint32_t> requests;
  std::uint32_t keys = 0;
};

// The trace files below a directory, in the layout and the formats of the directory's own README, smallest
// first.
std::vector<std::filesystem::path> find_traces(const std::filesystem::path& directory);

// Throws std::runtime_error with the path when the file cannot be read. Needs the programs xz and gzip.
Trace read_trace(const std::filesystem::path& path);

}  // namespace cachesite::bench
