#pragma once

#include <cstdint>
#include <string>

#include <sys/types.h>

/// A private redis-server on a free port of 127.0.0.1 that keeps nothing on disk and ends with the demo.
class DemoServer {
 public:
  DemoServer();
  ~DemoServer();
  DemoServer(const DemoServer&) = delete;
  DemoServer& operator=(const DemoServer&) = delete;

  /// Starts the server, always on the same port, and waits until it answers. False when it cannot be started.
  bool start();
  /// Kills the server as a crash would.
  void kill();

  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  [[nodiscard]] bool answers() const;

  std::string folder_;
  std::uint16_t port_ = 0;
  pid_t process_ = -1;
};
