#pragma once

#include "redis/base/wake_signal.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace cachesite::redis {

/// Tells who listens that a connection to a server was made or lost, or that there are other servers. While
/// nobody listens that costs a look.
class ServerChanges {
 public:
  static constexpr std::size_t most_servers = 1024;

  struct Listener {
    WakeSignal signal;
    /// Grows with each change.
    std::atomic<std::uint64_t> generation{0};
    /// How often a connection to each server was made or lost, by the number of the server.
    std::array<std::atomic<std::uint64_t>, most_servers> connections{};
  };

  /// The same for all calls. One thread at a time. Throws std::system_error and std::bad_alloc.
  [[nodiscard]] const std::shared_ptr<Listener>& listen() {
    if (kept_ == nullptr) {
      kept_ = std::make_shared<Listener>();
      listener_.store(kept_.get());
    }
    return kept_;
  }

  /// A connection will be open, so that no read goes over it unnoticed; is open, so that it can be proven; has ended.
  void connection_changed(std::uint16_t server) noexcept {
    Listener* const listener = listener_.load();
    if (listener == nullptr) return;
    if (server < most_servers) listener->connections[server].fetch_add(1);
    tell(*listener);
  }
  void servers_changed() noexcept {
    if (Listener* const listener = listener_.load()) tell(*listener);
  }

 private:
  static void tell(Listener& listener) noexcept {
    listener.generation.fetch_add(1);
    listener.signal.raise();
  }

  std::shared_ptr<Listener> kept_;
  std::atomic<Listener*> listener_{nullptr};
};

}  // namespace cachesite::redis
