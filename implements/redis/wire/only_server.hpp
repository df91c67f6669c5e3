#pragma once

#include "redis/wire/reply.hpp"

#include <chrono>

namespace cachesite::redis {

/// A server that takes no writes is left for a new connection to its name, but not more often than this.
inline constexpr std::chrono::milliseconds renewal_pause{500};

/// Reads the error of a server that is the only one its client knows. To a redirection it adds what that
/// means. True when the server takes no writes: its name may lead to another one by now.
[[nodiscard]] bool heed_only_server(Reply& error);

}  // namespace cachesite::redis
