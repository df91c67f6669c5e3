#pragma once

#include "redis/topology/topology.hpp"

#include <span>
#include <vector>

namespace cachesite::redis {

/// The requests of a call that go to one server. They are sent to all servers before any answer is awaited.
class ServerBatch {
 public:
  void add(Request& request) { requests_.push_back(&request); }
  [[nodiscard]] bool empty() const noexcept { return requests_.empty(); }
  [[nodiscard]] const std::vector<Request*>& requests() const noexcept { return requests_; }

  void send(Endpoint& endpoint);
  /// Waits for the answers and gives each request its reply and status. Precondition: `send`.
  void collect(Endpoint& endpoint, CallTime time);

  /// Gives a request whose reply is there, or not, its status. `status` is that of its call.
  static void end(Request& request, const Status& status, const Endpoint& endpoint);

  /// By when the share at `place` of `count` has to be collected: a server that does not answer leaves
  /// time to read what the others have sent meanwhile.
  [[nodiscard]] static TimePoint deadline(CallTime time, std::size_t place, std::size_t count) noexcept;

 private:
  std::vector<Request*> requests_;
  std::vector<Command> commands_;
  Channel::Pending sent_;
};

}  // namespace cachesite::redis
