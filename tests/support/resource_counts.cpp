#include "support/resource_counts.hpp"

#include "support/support_thread.hpp"
#include "support/system_failure.hpp"

#include <filesystem>
#include <fstream>
#include <memory>
#include <system_error>

#include <dirent.h>
#include <unistd.h>

namespace cachesite::test {
namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

std::vector<std::string> descriptor_names() {
  const std::unique_ptr<DIR, CloseDirectory> directory(::opendir("/proc/self/fd"));
  if (directory == nullptr) throw system_failure("/proc/self/fd");
  const std::string own = std::to_string(::dirfd(directory.get()));
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != ".." && name != own) names.push_back(name);
  }
  return names;
}

}  // namespace

std::size_t open_descriptors() {
  return descriptor_names().size();
}

std::vector<std::string> describe_descriptors() {
  std::vector<std::string> lines;
  for (const std::string& name : descriptor_names()) {
    std::error_code failure;
    const auto target = std::filesystem::read_symlink("/proc/self/fd/" + name, failure);
    lines.push_back(name + " -> " + (failure ? "?" : target.string()));
  }
  return lines;
}

std::size_t thread_count() {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream stream(entry.path() / "comm");
    std::string name;
    if (std::getline(stream, name) && name.rfind(support_thread_prefix, 0) != 0) ++count;
  }
  return count;
}

std::size_t resident_bytes() {
  std::ifstream stream("/proc/self/statm");
  std::size_t total = 0;
  std::size_t resident = 0;
  stream >> total >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace cachesite::test
