#include "redis/transport/server_call_report.hpp"

#include <array>

#include <netdb.h>
#include <sys/socket.h>

namespace cachesite::redis {

void report_server_call(basics::ServerCall call, const ConnectorOptions& connector,
                        const Reply* refused) noexcept {
  const auto& address = connector.address;
  const bool unix_socket = !address.unix_socket_path.empty();
  call.database = connector.login.database;
  call.host = unix_socket ? address.unix_socket_path : address.host;
  call.port = unix_socket ? std::uint16_t{0} : address.port;
  if (refused != nullptr) {
    const auto text = refused->text();
    call.error_prefix = text.substr(0, text.find(' '));
  }
  basics::server_call_recorder->record(call);
}

std::string peer_of(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  std::array<char, NI_MAXHOST> text{};
  auto* const peer = reinterpret_cast<sockaddr*>(&address);
  if (::getpeername(socket, peer, &size) != 0 || address.ss_family == AF_UNIX) return {};
  if (::getnameinfo(peer, size, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) != 0) return {};
  return text.data();
}

}  // namespace cachesite::redis
