#pragma once

#include "basics/server_call.hpp"
#include "redis/transport/connector.hpp"
#include "redis/wire/reply.hpp"

#include <string>

namespace cachesite::redis {

/// Tells who takes down this thread's calls to servers of one that has just ended, whose `command`, `commands`,
/// `failure`, `peer` and `duration` are set. `refused` is an error that the server answered with, or null. Only
/// when there is a recorder.
void report_server_call(basics::ServerCall call, const ConnectorOptions& connector,
                        const Reply* refused) noexcept;

/// The address at the other end of a socket; empty for a unix socket.
[[nodiscard]] std::string peer_of(int socket);

}  // namespace cachesite::redis
