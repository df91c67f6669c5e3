#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace cachesite::test {

/// A fresh private directory that is removed with everything in it.
/// Its path is short enough that a unix socket fits in it.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(TemporaryDirectory&& other) noexcept;
  TemporaryDirectory& operator=(TemporaryDirectory&&) = delete;

  const std::filesystem::path& path() const { return path_; }
  /// Absolute path of `name` inside the directory, as text.
  std::string file(std::string_view name) const { return (path_ / name).string(); }
  /// Writes `content` (any bytes) to `name`, replacing what is there; returns its absolute path.
  std::string write(std::string_view name, std::string_view content) const;

 private:
  std::filesystem::path path_;
};

/// The whole content of a file; empty when it cannot be read.
std::string read_file(const std::filesystem::path& path);

}  // namespace cachesite::test
