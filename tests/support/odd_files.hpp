#pragma once

#include "support/temporary_directory.hpp"

#include <chrono>
#include <cstring>
#include <filesystem>
#include <functional>
#include <future>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace cachesite::test {

/// Paths of everything that is no regular file: folders, pipes that nobody writes or reads, sockets, devices,
/// and links to them.
class OddFiles {
 public:
  OddFiles() {
    ::mkfifo(pipe_.c_str(), 0600);
    const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const auto name = folder_.file("socket");
    std::strncpy(address.sun_path, name.c_str(), sizeof address.sun_path - 1);
    static_cast<void>(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address));
    ::close(socket);
    std::filesystem::create_symlink(pipe_, folder_.file("link"));
  }

  [[nodiscard]] std::vector<std::string> paths() const {
    return {folder_.path().string(), pipe_,       folder_.file("socket"),
            folder_.file("link"),    "/dev/null", "/dev/full"};
  }

  /// What `open` returns; "it hangs" when that takes long.
  [[nodiscard]] std::string when_opened(std::function<std::string()> open) const {
    auto answer = std::async(std::launch::async, std::move(open));
    const bool hangs = answer.wait_for(std::chrono::seconds(10)) != std::future_status::ready;
    if (!hangs) return answer.get();
    const int released = ::open(pipe_.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
    answer.wait();
    ::close(released);
    return "it hangs";
  }

 private:
  TemporaryDirectory folder_;
  const std::string pipe_ = folder_.file("pipe");
};

}  // namespace cachesite::test
