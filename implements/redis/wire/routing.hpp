#pragma once

#include "redis/wire/command.hpp"
#include "redis/wire/reply.hpp"

#include <cachesite/result.hpp>

#include <cstdint>
#include <optional>

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
  static constexpr std::uint16_t no_server = 0xFFFF;
  /// The number of the server that has answered (see Endpoint::number).
  std::uint16_t server = no_server;
};

}  // namespace cachesite::redis
