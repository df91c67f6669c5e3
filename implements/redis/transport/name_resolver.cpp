#include "redis/transport/name_resolver.hpp"

#include "basics/background_thread.hpp"
#include "basics/this_machine.hpp"

#include <array>
#include <atomic>
#include <cstring>
#include <system_error>
#include <thread>
#include <utility>

#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>

namespace cachesite::redis {

struct NameResolver::Search {
  std::string host;
  std::uint16_t port = 0;
  basics::StopSignal done;
  std::atomic<bool> finished{false};
  Answer answer;  // read after `finished`
};

namespace {

bool numeric(const std::string& host, std::uint16_t port, SocketAddresses& addresses) {
  SocketAddress address;
  auto* const v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
  auto* const v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
  if (::inet_pton(AF_INET, host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    address.size = sizeof *v4;
  } else if (::inet_pton(AF_INET6, host.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    address.size = sizeof *v6;
  } else {
    return false;
  }
  addresses.push_back(address);
  return true;
}

SocketAddresses alternate(const SocketAddresses& addresses) {
  SocketAddresses first;
  SocketAddresses second;
  for (const auto& address : addresses)
    (address.family() == addresses.front().family() ? first : second).push_back(address);
  SocketAddresses mixed;
  for (std::size_t index = 0; index < first.size() || index < second.size(); ++index) {
    if (index < first.size()) mixed.push_back(first[index]);
    if (index < second.size()) mixed.push_back(second[index]);
  }
  return mixed;
}

NameResolver::Answer look_up(const std::string& host, std::uint16_t port) {
  NameResolver::Answer answer;
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int status = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (status != 0) {
    answer.problem = status == EAI_SYSTEM ? std::generic_category().message(errno) : ::gai_strerror(status);
    return answer;
  }
  SocketAddresses addresses;
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    SocketAddress address;
    if (entry->ai_addrlen > sizeof address.storage) continue;
    std::memcpy(&address.storage, entry->ai_addr, entry->ai_addrlen);
    address.size = entry->ai_addrlen;
    addresses.push_back(address);
  }
  ::freeaddrinfo(found);
  answer.addresses = alternate(addresses);
  if (answer.addresses.empty()) answer.problem = "the host has no address";
  return answer;
}

}  // namespace

NameResolver::Answer NameResolver::resolve(const std::string& host, std::uint16_t port, TimePoint deadline,
                                           const basics::StopSignal& stop) {
  Answer answer;
  if (numeric(host, port, answer.addresses)) return answer;
  if (basics::is_localhost(host)) {
    numeric("127.0.0.1", port, answer.addresses);
    numeric("::1", port, answer.addresses);
    return answer;
  }

  if (!search_ || search_->host != host || search_->port != port) {
    search_.reset();
    auto begun = std::make_shared<Search>();
    begun->host = host;
    begun->port = port;
    try {
      basics::background_thread([search = begun] {
        try {
          search->answer = look_up(search->host, search->port);
        } catch (...) {
          search->answer.problem.assign("no memory");
        }
        search->finished.store(true, std::memory_order_release);
        search->done.raise();
      }).detach();
    } catch (const std::system_error&) {
      answer.problem = "no thread could be started to look up the host";
      return answer;
    }
    search_ = std::move(begun);
  }
  std::array<pollfd, 2> polls{};
  polls[0] = {search_->done.descriptor(), POLLIN, 0};
  polls[1] = {stop.descriptor(), POLLIN, 0};
  while (!search_->finished.load(std::memory_order_acquire)) {
    const auto now = SteadyTime::now();
    if (now >= deadline) {
      answer.addresses = last_;
      answer.problem = "the lookup of the host took too long";
      return answer;
    }
    ::poll(polls.data(), polls.size(), poll_milliseconds(now, deadline));
    if (polls[1].revents != 0) {
      answer.problem = "stopped";
      return answer;
    }
  }
  answer = search_->answer;
  search_.reset();
  if (answer.addresses.empty())
    answer.addresses = last_;
  else
    last_ = answer.addresses;
  return answer;
}

}  // namespace cachesite::redis
