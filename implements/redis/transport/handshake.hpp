#pragma once

#include "redis/base/deadline.hpp"
#include "redis/transport/transport.hpp"
#include "redis/wire/frame_gate.hpp"

#include <cachesite/error.hpp>
#include <cachesite/secret.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace cachesite::redis {

/// What a connection is told before it is used.
struct Introduction {
  std::string username;
  Secret password;
  std::uint32_t database = 0;
  std::string client_name;
  bool reads_from_replica = false;  // a replica in a cluster answers only who asked for that
  bool requires_master = false;     // a server that is none is refused
};

/// What a server made of an introduction.
struct Welcome {
  std::optional<Error> error;  // none: the connection is ready
  bool no_master = false;      // the server is none, and the error says so
};

/// Sends AUTH, CLIENT SETNAME, SELECT as far as given, and PING, all at once. The server has to agree to all
/// of it but CLIENT SETNAME and PING: to these any answer will do that lets other commands hope.
Welcome shake_hands(Transport& transport, const Introduction& introduction, FrameLimits limits,
                    TimePoint deadline);

}  // namespace cachesite::redis
