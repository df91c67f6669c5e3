#include "reading/file_content.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cachesite::reading {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  [[nodiscard]] int number() const noexcept { return number_; }

 private:
  int number_;
};

std::string reason(int error) {
  switch (error) {
    case ENOENT:
      return "does not exist";
    case EACCES:
      return "may not be read by this user";
    case ENOTDIR:
      return "does not exist: a part of the path is not a directory";
    case ELOOP:
      return "cannot be reached: too many symbolic links";
    case ENAMETOOLONG:
      return "cannot be opened: the name is too long";
    case ENXIO:
      return "is not a regular file";
    default:
      return "cannot be read: " + std::generic_category().message(error);
  }
}

FileContent failed(std::string fault) {
  FileContent content;
  content.fault = std::move(fault);
  return content;
}

}  // namespace

FileContent read_file(const std::filesystem::path& path, std::size_t most) {
  if (path.native().find('\0') != std::string::npos) return failed("has a NUL character in its name");
  // Non-blocking, so that opening a pipe does not wait for a writer.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (file.number() < 0) return failed(reason(errno));
  struct stat status {};
  if (::fstat(file.number(), &status) != 0) return failed(reason(errno));
  if (S_ISDIR(status.st_mode)) return failed("is a directory");
  if (!S_ISREG(status.st_mode)) return failed("is not a regular file");

  FileContent content;
  content.readable_by_others = (status.st_mode & (S_IRGRP | S_IROTH)) != 0;
  const auto declared = static_cast<std::size_t>(std::max<off_t>(status.st_size, 0));
  content.too_large = declared > most;
  if (content.too_large) return content;

  // One byte more than expected, to notice a file that grows, or one such as in /proc that tells no size.
  std::string bytes;
  std::size_t filled = 0;
  for (;;) {
    if (filled == bytes.size()) {
      if (filled > most) {
        content.too_large = true;
        return content;
      }
      bytes.resize(std::min(std::max({declared + 1, filled * 2, std::size_t{4096}}), most + 1));
    }
    const ssize_t count = ::read(file.number(), bytes.data() + filled, bytes.size() - filled);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failed(reason(errno));
    if (count == 0) break;
    filled += static_cast<std::size_t>(count);
  }
  bytes.resize(filled);
  content.bytes = std::move(bytes);
  return content;
}

}  // namespace cachesite::reading
