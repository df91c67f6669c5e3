#include "demo_server.hpp"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

std::uint16_t free_port() {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto address = loopback(0);
  socklen_t length = sizeof address;
  std::uint16_t port = 0;
  if (::bind(listener, reinterpret_cast<sockaddr*>(&address), length) == 0 &&
      ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length) == 0)
    port = ntohs(address.sin_port);
  ::close(listener);
  return port;
}

}  // namespace

DemoServer::DemoServer() : port_(free_port()) {
  std::string pattern = (std::filesystem::temp_directory_path() / "cachesite-demo-XXXXXX").string();
  if (::mkdtemp(pattern.data()) != nullptr) folder_ = pattern;
}

DemoServer::~DemoServer() {
  kill();
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

bool DemoServer::start() {
  if (folder_.empty() || port_ == 0) return false;
  const auto port = std::to_string(port_);
  const pid_t parent = ::getpid();
  process_ = ::fork();
  if (process_ == 0) {
    // The server must not outlive the demo, however the demo ends.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
    const int nowhere = ::open("/dev/null", O_RDWR);
    for (const int stream : {0, 1, 2})
      ::dup2(nowhere, stream);
    ::execlp("redis-server", "redis-server", "--port", port.c_str(), "--bind", "127.0.0.1", "--save", "",
             "--appendonly", "no", "--dir", folder_.c_str(), static_cast<char*>(nullptr));
    ::_exit(127);
  }
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (process_ > 0 && std::chrono::steady_clock::now() < limit) {
    if (::waitpid(process_, nullptr, WNOHANG) == process_) process_ = -1;
    if (process_ > 0 && answers()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  kill();
  return false;
}

void DemoServer::kill() {
  if (process_ <= 0) return;
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
  process_ = -1;
}

bool DemoServer::answers() const {
  const int connection = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto address = loopback(port_);
  char answer[7] = {};
  const bool good = ::connect(connection, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
                    ::send(connection, "PING\r\n", 6, MSG_NOSIGNAL) == 6 &&
                    ::recv(connection, answer, sizeof answer, MSG_WAITALL) == sizeof answer &&
                    answer[0] == '+';
  ::close(connection);
  return good;
}
