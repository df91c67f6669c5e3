#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <system_error>

namespace cachesite::test {

/// TCP connections of this process to 127.0.0.1:`port` that neither end has closed.
inline std::size_t established_connections(std::uint16_t port) {
  std::set<std::string> own;  // "socket:[123456]"
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    own.insert(std::filesystem::read_symlink(entry.path(), gone).string());
  }
  std::ifstream table("/proc/self/net/tcp");
  std::string line;
  std::getline(table, line);
  std::size_t count = 0;
  while (std::getline(table, line)) {
    std::istringstream words(line);
    std::string skipped, remote, state, inode;
    words >> skipped >> skipped >> remote >> state;
    for (int column = 0; column < 6; ++column)
      words >> inode;
    const auto colon = remote.find(':');
    if (state == "01" && colon != std::string::npos && own.count("socket:[" + inode + "]") != 0 &&
        std::stoul(remote.substr(colon + 1), nullptr, 16) == port)
      ++count;
  }
  return count;
}

}  // namespace cachesite::test
