#pragma once

#include "basics/inherited.hpp"
#include "redis/base/deadline.hpp"
#include "redis/base/server_changes.hpp"
#include "redis/endpoint/endpoint.hpp"
#include "redis/wire/command.hpp"
#include "redis/wire/reply.hpp"
#include "redis/wire/routing.hpp"

#include <cachesite/component.hpp>
#include <cachesite/detail/redis_statistics.hpp>
#include <cachesite/result.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace cachesite::redis {

class RoutedTopology;

/// The servers behind a cache, and who of them gets which command. All calls are safe from any thread. In a
/// child that the process forks, calls end with `closed`, and nothing else is done.
class Topology {
 public:
  virtual ~Topology() = default;

  /// Begins to connect in the background; the first call does it too.
  void start() {
    if (!fork_mark_.forked()) do_start();
  }
  /// Waits until the first attempt has ended, well or not.
  void await_started() {
    if (!fork_mark_.forked()) do_await_started();
  }
  /// Ends connections; running and later calls end with `closed`.
  void stop() noexcept {
    if (!fork_mark_.forked()) do_stop();
  }
  [[nodiscard]] Health health() const {
    if (fork_mark_.forked()) return {HealthState::down, "the process was forked"};
    return do_health();
  }
  /// One element for each server that is known.
  [[nodiscard]] std::vector<RedisEndpointStatistics> statistics() const {
    if (fork_mark_.forked()) return {};
    return do_statistics();
  }

  /// Sends a command to where it belongs and gives the answer. Errors that speak of the topology (MOVED, ASK,
  /// READONLY, LOADING ...) are dealt with; any other error of the server is an answer.
  Status execute(const Command& command, const Routing& routing, Reply& reply, CallTime time) {
    if (fork_mark_.forked()) return basics::forked_error();
    return do_execute(command, routing, reply, time);
  }

  /// Does all requests at once, pipelined for each server and on all servers at the same time; each ends with
  /// a status of its own. Requests of one slot are done in their order.
  void execute_all(std::span<Request> requests, CallTime time) {
    if (!fork_mark_.forked()) return do_execute_all(requests, time);
    for (auto& request : requests)
      request.status = basics::forked_error();
  }

  /// The same for commands about one key, which they only read, with one status: that of the first that has no reply.
  /// A reply that is not given is of no kind. `server` becomes the number of who has answered, if that is one.
  Status execute_together(std::span<const Command> commands, std::span<Reply> replies, CallTime time,
                          std::uint16_t& server) {
    if (fork_mark_.forked()) return basics::forked_error();
    return do_execute_together(commands, replies, time, server);
  }

  /// A server for an EndpointCall.
  struct ServerNow {
    Endpoint* endpoint = nullptr;
    std::shared_ptr<Endpoint> keeps = nullptr;  // null when the topology keeps it
  };
  /// The masters as they are known now.
  struct Masters {
    std::uint64_t version = 0;  // another one when any key may belong to another master
    std::vector<ServerNow> servers;
  };
  [[nodiscard]] Masters masters_now() {
    if (fork_mark_.forked()) return {};
    return do_masters_now();
  }
  /// Whether others than masters may answer reads.
  [[nodiscard]] virtual bool reads_from_replicas() const noexcept { return false; }
  /// A text whose hash slot is one of this master's.
  [[nodiscard]] virtual std::string slot_tag_of(const Endpoint& /*master*/) { return "0"; }
  /// Who is told when `masters_now` may give others, or a connection to one of them is made or lost.
  [[nodiscard]] virtual ServerChanges& changes() noexcept = 0;

  /// Where an EndpointCall may go, whatever it is about; null when there are several servers.
  [[nodiscard]] virtual Endpoint* only_endpoint() noexcept { return nullptr; }
  /// Who gets a command as things are now. None when that is not known, or the server is away.
  [[nodiscard]] ServerNow server_now(const Command& command, const Routing& routing) {
    if (fork_mark_.forked()) return {};
    return do_server_now(command, routing);
  }
  /// Of a topology of several servers, for a RoutedCall; null in a child that the process forks.
  [[nodiscard]] RoutedTopology* routed() noexcept { return fork_mark_.forked() ? nullptr : do_routed(); }

  /// Calls `visit` for each master, one after the other, until it fails. Commands that belong to a server
  /// rather than a key, such as SCAN, go straight to the endpoint.
  using Visit = std::function<Status(Endpoint& master)>;
  Status for_each_master(const Visit& visit, CallTime time) {
    if (fork_mark_.forked()) return basics::forked_error();
    return do_for_each_master(visit, time);
  }

 protected:
  virtual Status do_execute_together(std::span<const Command> commands, std::span<Reply> replies,
                                     CallTime time, std::uint16_t& server);

 private:
  virtual void do_start() = 0;
  virtual void do_await_started() = 0;
  virtual void do_stop() noexcept = 0;
  [[nodiscard]] virtual Health do_health() const = 0;
  [[nodiscard]] virtual std::vector<RedisEndpointStatistics> do_statistics() const = 0;
  virtual Status do_execute(const Command& command, const Routing& routing, Reply& reply, CallTime time) = 0;
  virtual void do_execute_all(std::span<Request> requests, CallTime time) = 0;
  virtual Status do_for_each_master(const Visit& visit, CallTime time) = 0;
  [[nodiscard]] virtual ServerNow do_server_now(const Command& command, const Routing& routing) = 0;
  [[nodiscard]] virtual Masters do_masters_now() = 0;
  [[nodiscard]] virtual RoutedTopology* do_routed() noexcept { return nullptr; }

  const basics::ForkMark fork_mark_;
};

}  // namespace cachesite::redis
