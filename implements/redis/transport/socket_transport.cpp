#include "redis/transport/socket_transport.hpp"

#include <cerrno>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

namespace cachesite::redis {

namespace {

// By the bare system call: the functions of the C library are cancellation points, at which a thread could
// vanish in the middle of a request.

ssize_t receive_bytes(int socket, void* place, std::size_t size, int flags) noexcept {
  return ::syscall(SYS_recvfrom, socket, place, size, flags, nullptr, nullptr);
}
ssize_t send_bytes(int socket, const void* bytes, std::size_t size, int flags) noexcept {
  return ::syscall(SYS_sendto, socket, bytes, size, flags, nullptr, 0);
}

}  // namespace

std::string system_message(int error) {
  std::string text = std::generic_category().message(error);
  if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z' && (text.size() < 2 || text[1] >= 'a'))
    text[0] = static_cast<char>(text[0] - 'A' + 'a');
  return text;
}

SocketTransport::SocketTransport(basics::FileDescriptor socket, std::chrono::milliseconds patience,
                                 std::shared_ptr<Traffic> traffic) noexcept
    : socket_(std::move(socket)), traffic_(std::move(traffic)) {
  // Blocking with a limit, so that the usual call is one send and one receive; every other transfer says
  // MSG_DONTWAIT.
  const auto count = patience.count() > 0 ? patience.count() : 1;
  timeval limit{};
  limit.tv_sec = static_cast<time_t>(count / 1000);
  limit.tv_usec = static_cast<suseconds_t>(count % 1000 * 1000);
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  const int flags = ::fcntl(socket_.get(), F_GETFL, 0);
  ::fcntl(socket_.get(), F_SETFL, flags & ~O_NONBLOCK);
}

// A child may have a copy of the descriptor, and the server would wait for that one to be closed too.
SocketTransport::~SocketTransport() {
  shut_down();
}

Transport::Transfer SocketTransport::without_bytes(ssize_t count) noexcept {
  if (count == 0) return {Status::ended};
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return {Status::again};
  error_ = errno;
  return {Status::failed};
}

inline Transport::Transfer SocketTransport::outcome(ssize_t count,
                                                    std::atomic<std::uint64_t>& counter) noexcept {
  if (count <= 0) return without_bytes(count);
  counter.fetch_add(static_cast<std::uint64_t>(count), std::memory_order_relaxed);
  return {Status::ok, static_cast<std::size_t>(count)};
}

Transport::Transfer SocketTransport::receive(std::span<const iovec> places, Patience patience) {
  const int flags = patience == Patience::none ? MSG_DONTWAIT : 0;
  if (places.size() == 1)
    return outcome(receive_bytes(socket_.get(), places[0].iov_base, places[0].iov_len, flags),
                   traffic_->received);
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(places.data());
  message.msg_iovlen = places.size();
  return outcome(::recvmsg(socket_.get(), &message, flags), traffic_->received);
}

Transport::Transfer SocketTransport::send(std::span<const iovec> pieces) {
  constexpr int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
  if (pieces.size() == 1)
    return outcome(send_bytes(socket_.get(), pieces[0].iov_base, pieces[0].iov_len, flags), traffic_->sent);
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(pieces.data());
  message.msg_iovlen = pieces.size();
  return outcome(::sendmsg(socket_.get(), &message, flags), traffic_->sent);
}

Transport::Waiting SocketTransport::wait(bool to_send, TimePoint deadline) {
  pollfd poll{};
  poll.fd = socket_.get();
  poll.events = static_cast<short>(to_send ? POLLIN | POLLOUT : POLLIN);
  for (;;) {
    const auto now = SteadyTime::now();
    const int count = ::poll(&poll, 1, poll_milliseconds(now, deadline));
    if (count > 0) return Waiting::ready;
    if (SteadyTime::now() >= deadline) return Waiting::timed_out;
  }
}

void SocketTransport::shut_down() noexcept {
  if (!fork_mark_.forked()) ::shutdown(socket_.get(), SHUT_RDWR);
}

std::string SocketTransport::problem() const {
  return system_message(error_);
}

}  // namespace cachesite::redis
