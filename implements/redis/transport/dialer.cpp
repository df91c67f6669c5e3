#include "redis/transport/dialer.hpp"

#include "redis/transport/socket_transport.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

namespace cachesite::redis {

namespace {

constexpr std::chrono::milliseconds head_start{250};

void set_option(int socket, int level, int name, int value) noexcept {
  ::setsockopt(socket, level, name, &value, sizeof value);
}

void configure(int socket, int family, const SocketOptions& options) noexcept {
  if (family == AF_UNIX) return;
  set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1);
  if (options.keep_alive) {
    set_option(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_option(socket, IPPROTO_TCP, TCP_KEEPIDLE, static_cast<int>(options.keep_alive_idle.count()));
    set_option(socket, IPPROTO_TCP, TCP_KEEPINTVL, static_cast<int>(options.keep_alive_interval.count()));
    set_option(socket, IPPROTO_TCP, TCP_KEEPCNT, static_cast<int>(options.keep_alive_count));
  }
  set_option(socket, IPPROTO_TCP, TCP_USER_TIMEOUT,
             static_cast<int>(std::clamp<std::int64_t>(options.user_timeout.count(), 1, 3'600'000)));
}

SocketAddress unix_address(const std::string& path, std::string& problem) {
  SocketAddress address;
  auto* const name = reinterpret_cast<sockaddr_un*>(&address.storage);
  if (path.size() >= sizeof name->sun_path) {
    problem = "the path of the socket is too long";
    return address;
  }
  name->sun_family = AF_UNIX;
  std::memcpy(name->sun_path, path.c_str(), path.size() + 1);
  address.size = sizeof *name;
  return address;
}

/// The attempts of one dial that are under way.
class Race {
 public:
  Race(const SocketAddresses& addresses, const SocketOptions& options)
      : addresses_(addresses), options_(options) {}

  Dialer::Outcome run(TimePoint deadline, const basics::StopSignal& stop) {
    Dialer::Outcome outcome;
    auto next_start = SteadyTime::now();
    for (;;) {
      const auto now = SteadyTime::now();
      if (now >= deadline) break;
      if (next_ < addresses_.size() && (now >= next_start || sockets_.empty())) {
        if (start(addresses_[next_++])) return take(sockets_.size() - 1);
        next_start = SteadyTime::now() + head_start;
        continue;
      }
      if (sockets_.empty()) {
        outcome.problem = problem_.empty() ? "no address could be tried" : problem_;
        return outcome;
      }
      const auto limit = next_ < addresses_.size() ? std::min(deadline, next_start) : deadline;
      auto polls = polls_;
      polls.push_back({stop.descriptor(), POLLIN, 0});
      ::poll(polls.data(), polls.size(), poll_milliseconds(now, limit));
      if (polls.back().revents != 0) {
        outcome.problem = "stopped";
        return outcome;
      }
      for (std::size_t index = sockets_.size(); index-- > 0;)
        if (polls[index].revents != 0 && connected(index)) return take(index);
    }
    outcome.problem = "no answer within the time for connecting";
    outcome.timed_out = true;
    return outcome;
  }

 private:
  // True when it is connected at once.
  bool start(const SocketAddress& address) {
    basics::FileDescriptor socket(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket.valid()) {
      problem_ = system_message(errno);
      return false;
    }
    configure(socket.get(), address.family(), options_);
    const int status =
        ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.size);
    if (status != 0 && errno != EINPROGRESS && errno != EINTR) {
      problem_ = system_message(errno);
      return false;
    }
    polls_.push_back({socket.get(), POLLOUT, 0});
    sockets_.push_back(std::move(socket));
    return status == 0;
  }

  bool connected(std::size_t index) {
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(sockets_[index].get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    if (error == 0) return true;
    problem_ = system_message(error);
    sockets_.erase(sockets_.begin() + static_cast<std::ptrdiff_t>(index));
    polls_.erase(polls_.begin() + static_cast<std::ptrdiff_t>(index));
    return false;
  }

  Dialer::Outcome take(std::size_t index) {
    Dialer::Outcome outcome;
    outcome.socket = std::move(sockets_[index]);
    return outcome;
  }

  const SocketAddresses& addresses_;
  const SocketOptions& options_;
  std::size_t next_ = 0;
  std::vector<basics::FileDescriptor> sockets_;
  std::vector<pollfd> polls_;
  std::string problem_;
};

}  // namespace

Dialer::Outcome Dialer::dial(const ServerAddress& address, TimePoint deadline,
                             const basics::StopSignal& stop) {
  SocketAddresses addresses;
  Outcome outcome;
  if (!address.unix_socket_path.empty()) {
    addresses.push_back(unix_address(address.unix_socket_path, outcome.problem));
    if (!outcome.problem.empty()) return outcome;
  } else {
    auto answer = resolver_.resolve(address.host, address.port, deadline, stop);
    if (answer.addresses.empty()) {
      outcome.problem = std::move(answer.problem);
      return outcome;
    }
    addresses = std::move(answer.addresses);
  }
  return Race(addresses, options_).run(deadline, stop);
}

}  // namespace cachesite::redis
