#pragma once

#include <array>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bench {

/// A server, a process of its own, that answers each GET with the same value and nearly no work: it counts the
/// commands in what has come. Or it answers none, so that calls stay in flight.
class FreeServer {
 public:
  enum class Answers { all, none };

  FreeServer(std::string_view value, Answers answers) {
    const int listening = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listening, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
        ::listen(listening, 16) != 0)
      throw std::runtime_error("no port for a server");
    ::getsockname(listening, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    child_ = ::fork();
    if (child_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      serve(listening, answers == Answers::all
                           ? "$" + std::to_string(value.size()) + "\r\n" + std::string(value) + "\r\n"
                           : "");
      ::_exit(0);
    }
    ::close(listening);
  }
  ~FreeServer() {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }
  FreeServer(const FreeServer&) = delete;
  FreeServer& operator=(const FreeServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  static void serve(int listening, const std::string& answer) {
    std::string answers;
    std::vector<pollfd> watched{{listening, POLLIN, 0}};
    std::array<char, 65'536> bytes;
    for (;;) {
      ::poll(watched.data(), watched.size(), -1);
      if (watched[0].revents != 0) {
        const int connection = ::accept(listening, nullptr, nullptr);
        const int on = 1;
        ::setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        watched.push_back({connection, POLLIN, 0});
      }
      for (std::size_t place = 1; place < watched.size(); ++place) {
        if (watched[place].revents == 0) continue;
        const auto count = ::recv(watched[place].fd, bytes.data(), bytes.size(), 0);
        if (count <= 0) {
          ::close(watched[place].fd);
          watched.erase(watched.begin() + static_cast<std::ptrdiff_t>(place--));
          continue;
        }
        answer_to({bytes.data(), static_cast<std::size_t>(count)}, answer, answers);
        if (!answers.empty()) (void)!::send(watched[place].fd, answers.data(), answers.size(), MSG_NOSIGNAL);
      }
    }
  }
  // A command begins with an asterisk, which is nowhere else in what the clients send.
  static void answer_to(std::string_view commands, const std::string& answer, std::string& answers) {
    answers.clear();
    for (std::size_t from = commands.find('*'); from != std::string_view::npos;) {
      const std::size_t next = commands.find('*', from + 1);
      const auto command = commands.substr(from, next - from);
      if (command.find("GET\r\n") != std::string_view::npos)
        answers += answer;
      else
        answers += command.find("HELLO") != std::string_view::npos ? "-ERR unknown command\r\n" : "+OK\r\n";
      from = next;
    }
  }

  std::uint16_t port_ = 0;
  pid_t child_ = -1;
};

}  // namespace bench
