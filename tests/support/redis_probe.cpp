#include "support/redis_probe.hpp"

#include "support/system_failure.hpp"
#include "support/wait_until.hpp"

#include <cstring>
#include <sstream>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace cachesite::test {
namespace {

using Clock = std::chrono::steady_clock;

FileDescriptor connect_to(const RedisAddress& address) {
  const bool local = !address.unix_socket_path.empty();
  FileDescriptor socket(::socket(local ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) throw system_failure("socket");
  int outcome = 0;
  if (local) {
    sockaddr_un target{};
    target.sun_family = AF_UNIX;
    if (address.unix_socket_path.size() >= sizeof target.sun_path)
      throw std::runtime_error("socket path too long");
    std::memcpy(target.sun_path, address.unix_socket_path.data(), address.unix_socket_path.size());
    outcome = ::connect(socket.get(), reinterpret_cast<sockaddr*>(&target), sizeof target);
  } else {
    sockaddr_in target{};
    target.sin_family = AF_INET;
    target.sin_port = htons(address.port);
    target.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    outcome = ::connect(socket.get(), reinterpret_cast<sockaddr*>(&target), sizeof target);
    const int on = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  if (outcome != 0) throw system_failure("connect");
  return socket;
}

bool await(int socket, short events, Clock::time_point end) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
    pollfd entry{socket, events, 0};
    const int ready = ::poll(&entry, 1, left > 0 ? static_cast<int>(left) : 0);
    if (ready > 0) return true;
    if (ready == 0) return false;
    if (errno != EINTR) throw system_failure("poll");
  }
}

}  // namespace

RedisProbe::RedisProbe(const RedisAddress& address, std::chrono::milliseconds limit)
    : socket_(connect_to(address)), limit_(limit) {
  if (!address.username.empty()) {
    checked({"AUTH", address.username, address.password});
  } else if (!address.password.empty()) {
    checked({"AUTH", address.password});
  }
}

RedisReply RedisProbe::command(const std::vector<std::string>& arguments) {
  send(encode_command(arguments));
  std::optional<RedisReply> reply = receive(limit_);
  if (!reply) throw std::runtime_error("no reply in time to " + arguments.at(0));
  return *std::move(reply);
}

RedisReply RedisProbe::checked(const std::vector<std::string>& arguments) {
  RedisReply reply = command(arguments);
  if (reply.is_error()) throw std::runtime_error(arguments.at(0) + ": " + reply.text);
  return reply;
}

std::vector<RedisReply> RedisProbe::pipeline(const std::vector<std::vector<std::string>>& commands) {
  std::string bytes;
  for (const auto& arguments : commands)
    bytes += encode_command(arguments);
  send(bytes);
  std::vector<RedisReply> replies;
  while (replies.size() < commands.size()) {
    std::optional<RedisReply> reply = receive(limit_);
    if (!reply) throw std::runtime_error("no reply in time to a pipeline");
    replies.push_back(*std::move(reply));
  }
  return replies;
}

void RedisProbe::set(const std::string& key, const std::string& value) {
  checked({"SET", key, value});
}

std::optional<std::string> RedisProbe::get(const std::string& key) {
  RedisReply reply = checked({"GET", key});
  if (reply.is_null()) return std::nullopt;
  return std::move(reply.text);
}

bool RedisProbe::exists(const std::string& key) {
  return checked({"EXISTS", key}).integer == 1;
}

std::int64_t RedisProbe::ttl_milliseconds(const std::string& key) {
  return checked({"PTTL", key}).integer;
}

std::int64_t RedisProbe::server_microseconds() {
  const auto time = checked({"TIME"});
  return std::stoll(time.elements.at(0).text) * 1'000'000 + std::stoll(time.elements.at(1).text);
}

void RedisProbe::let_pass(std::chrono::milliseconds time) {
  const auto end = server_microseconds() + std::chrono::microseconds(time).count();
  wait_until([&] { return server_microseconds() > end; }, std::chrono::seconds(10),
             std::chrono::microseconds(200));
}

void RedisProbe::erase(const std::string& key) {
  checked({"DEL", key});
}

void RedisProbe::flush() {
  checked({"FLUSHALL"});
}

std::vector<std::string> RedisProbe::keys(const std::string& pattern) {
  std::vector<std::string> result;
  for (RedisReply& element : checked({"KEYS", pattern}).elements)
    result.push_back(std::move(element.text));
  return result;
}

std::string RedisProbe::info(const std::string& field) {
  std::istringstream lines(checked({"INFO", "everything"}).text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.rfind(field + ":", 0) == 0) return line.substr(field.size() + 1);
  }
  return {};
}

std::size_t RedisProbe::count_clients(const std::string& client_name) {
  const std::string own_id = "id=" + std::to_string(checked({"CLIENT", "ID"}).integer) + " ";
  std::istringstream lines(checked({"CLIENT", "LIST"}).text);
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.rfind(own_id, 0) == 0) continue;
    if (client_name.empty() || line.find(" name=" + client_name + " ") != std::string::npos) ++count;
  }
  return count;
}

void RedisProbe::send(std::string_view bytes) {
  const auto end = Clock::now() + limit_;
  while (!bytes.empty()) {
    // Replies are taken meanwhile: a server with a full output buffer would stop reading.
    const ssize_t count = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) throw system_failure("send");
    if (!await(socket_.get(), POLLIN | POLLOUT, end)) throw std::runtime_error("the server takes no bytes");
    char block[65536];
    const ssize_t received = ::recv(socket_.get(), block, sizeof block, MSG_DONTWAIT);
    if (received > 0) buffer_.append(block, static_cast<std::size_t>(received));
    if (received == 0) throw std::runtime_error("the server closed the connection");
  }
}

std::optional<RedisReply> RedisProbe::receive(std::chrono::milliseconds limit) {
  const auto end = Clock::now() + limit;
  bool may_be_whole = true;
  for (;;) {
    if (may_be_whole)
      if (std::optional<RedisReply> reply = take_reply(buffer_)) return reply;
    if (!await(socket_.get(), POLLIN, end)) return take_reply(buffer_);
    char block[65536];
    const ssize_t count = ::recv(socket_.get(), block, sizeof block, MSG_DONTWAIT);
    if (count > 0) buffer_.append(block, static_cast<std::size_t>(count));
    // A long reply is not to be parsed anew with each piece of it.
    may_be_whole = buffer_.ends_with("\r\n");
    if (count == 0) {
      if (std::optional<RedisReply> reply = take_reply(buffer_)) return reply;
      throw std::runtime_error("the server closed the connection");
    }
    if (count < 0 && errno != EINTR && errno != EAGAIN) throw system_failure("recv");
  }
}

}  // namespace cachesite::test
