#pragma once

#include "redis/command.hpp"
#include "redis/deadline.hpp"
#include "redis/endpoint.hpp"
#include "redis/reply.hpp"

#include <cachesite/health.hpp>
#include <cachesite/redis_statistics.hpp>
#include <cachesite/result.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace cachesite::redis {

/// Where a command has to go. By default to whoever holds the key that is the command's second word.
struct Routing {
  /// Place of the key among the command's arguments; of several, which have to be in one slot, the first.
  /// 0 when there is none: any master will do.
  std::uint16_t key_argument = 1;
  /// The hash slot, when it is known: `key_argument` is not looked at then.
  std::optional<std::uint16_t> slot = {};
  /// Does not write, so a replica may answer where the configuration allows it.
  bool only_reads = false;
};

/// One of several commands that are done at once, and its end.
struct Request {
  Command command;
  Routing routing = {};
  Reply reply = {};
  Status status = Done{};
};

/// The servers behind a cache, and who of them gets which command. All calls are safe from any thread.
class Topology {
 public:
  virtual ~Topology() = default;

  /// Begins to connect in the background; the first call does it too.
  virtual void start() = 0;
  /// Waits until the first attempt has ended, well or not.
  virtual void await_started() = 0;
  /// Ends connections; running and later calls end with `closed`.
  virtual void stop() noexcept = 0;
  [[nodiscard]] virtual Health health() const = 0;
  /// One element for each server that is known.
  [[nodiscard]] virtual std::vector<RedisEndpointStatistics> statistics() const = 0;

  /// Sends a command to where it belongs and gives the answer. Errors that speak of the topology (MOVED, ASK,
  /// READONLY, LOADING ...) are dealt with; any other error of the server is an answer.
  virtual Status execute(const Command& command, const Routing& routing, Reply& reply, CallTime time) = 0;

  /// Does all requests at once, pipelined for each server and on all servers at the same time; each ends with
  /// a status of its own. Requests of one slot are done in their order.
  virtual void execute_all(std::span<Request> requests, CallTime time) = 0;

  /// Calls `visit` for each master, one after the other, until it fails. Commands that belong to a server
  /// rather than a key, such as SCAN, go straight to the endpoint.
  using Visit = std::function<Status(Endpoint& master)>;
  virtual Status for_each_master(const Visit& visit, CallTime time) = 0;
};

}  // namespace cachesite::redis
