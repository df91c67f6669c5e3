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

/// What a server is told of a new connection before it is used.
struct LoginOptions {
  std::string username;
  Secret password;
  std::uint32_t database = 0;
  std::string client_name;
  bool reads_from_replica = false;  // a replica in a cluster answers only who asked for that
  bool requires_master = false;     // a server that is none is refused
};

/// What a server made of a login.
struct LoginOutcome {
  std::optional<Error> error;  // none: the connection is ready
  bool no_master = false;      // the server is none, and the error says so
};

/// Sends AUTH, CLIENT SETNAME, SELECT as far as given, and PING, all at once. The server has to agree to all
/// of it but CLIENT SETNAME and PING: to these any answer will do that lets other commands hope.
LoginOutcome log_in(Transport& transport, const LoginOptions& login, FrameLimits limits, TimePoint deadline);

}  // namespace cachesite::redis
