#include "support/temporary_directory.hpp"

#include "support/system_failure.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>

namespace cachesite::test {
namespace {

constexpr std::size_t longest_root = 48;  // sockaddr_un holds 107 characters

std::string root() {
  const char* configured = std::getenv("TMPDIR");
  if (configured == nullptr || *configured != '/' || std::string_view(configured).size() > longest_root)
    return "/tmp";
  return configured;
}

}  // namespace

TemporaryDirectory::TemporaryDirectory() {
  std::string pattern = root() + "/cachesite-test-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) throw system_failure("mkdtemp " + pattern);
  path_ = pattern;
}

TemporaryDirectory::TemporaryDirectory(TemporaryDirectory&& other) noexcept : path_(std::move(other.path_)) {
  other.path_.clear();
}

TemporaryDirectory::~TemporaryDirectory() {
  if (path_.empty()) return;
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryDirectory::write(std::string_view name, std::string_view content) const {
  const std::string target = file(name);
  std::ofstream stream(target, std::ios::binary | std::ios::trunc);
  stream.write(content.data(), static_cast<std::streamsize>(content.size()));
  stream.close();
  if (!stream) throw std::runtime_error("cannot write " + target);
  return target;
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

}  // namespace cachesite::test
