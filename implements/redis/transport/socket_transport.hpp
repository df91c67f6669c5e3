#pragma once

#include "basics/file_descriptor.hpp"
#include "basics/fork_mark.hpp"
#include "redis/base/traffic.hpp"
#include "redis/transport/transport.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>

namespace cachesite::redis {

/// The text of an errno value.
[[nodiscard]] std::string system_message(int error);

/// A connected stream socket.
class SocketTransport final : public Transport {
 public:
  /// `patience` bounds a receive that may block.
  SocketTransport(basics::FileDescriptor socket, std::chrono::milliseconds patience,
                  std::shared_ptr<Traffic> traffic = std::make_shared<Traffic>()) noexcept;

  ~SocketTransport() override;
  SocketTransport(const SocketTransport&) = delete;
  SocketTransport& operator=(const SocketTransport&) = delete;

  Transfer receive(std::span<const iovec> places, Patience patience) override;
  Transfer send(std::span<const iovec> pieces) override;
  Waiting wait(bool to_send, TimePoint deadline) override;
  void shut_down() noexcept override;
  [[nodiscard]] std::string problem() const override;

  /// True in a forked child: the connection is the parent's.
  [[nodiscard]] bool inherited() const noexcept { return fork_mark_.forked(); }
  [[nodiscard]] int descriptor() const noexcept override { return socket_.get(); }

 private:
  Transfer outcome(ssize_t count, std::atomic<std::uint64_t>& counter) noexcept;
  Transfer without_bytes(ssize_t count) noexcept;

  basics::FileDescriptor socket_;
  const basics::ForkMark fork_mark_;
  std::shared_ptr<Traffic> traffic_;
  int error_ = 0;
};

}  // namespace cachesite::redis
