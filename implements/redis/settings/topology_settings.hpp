#pragma once

#include "redis/base/address.hpp"
#include "redis/topology/topology.hpp"

#include <cachesite/logger.hpp>
#include <cachesite/redis_connection.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite::redis {

/// The servers that the options mean: one, a cluster, or those that sentinels watch. `largest_bulk` bounds
/// every value of an answer. Precondition: the options have no complaints. Throws std::invalid_argument when
/// a certificate or key cannot be read.
[[nodiscard]] std::shared_ptr<Topology> make_topology(const RedisConnectionOptions& options,
                                                      std::size_t largest_bulk, const std::string& label,
                                                      const std::shared_ptr<ILogger>& logger);

[[nodiscard]] inline bool has_text(const std::optional<std::string>& text) noexcept {
  return text && !text->empty();
}

/// Reads "host", "host:port", "[::1]:port" or "::1".
[[nodiscard]] std::optional<ServerAddress> read_address(std::string_view text, std::uint16_t default_port);

/// What is wrong with the parameters about sentinels and clusters. The options are resolved.
void check_topology(const RedisConnectionOptions& options, std::vector<OptionComplaint>& complaints);

/// True when everything sent to the servers named in the options stays on this machine.
[[nodiscard]] bool stays_on_this_machine(const RedisConnectionOptions& options);

}  // namespace cachesite::redis
