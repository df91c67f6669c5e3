#pragma once

#include "redis/base/address.hpp"
#include "redis/wire/reply.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace cachesite::redis {

/// What a sentinel knows about the master of one name and everybody around it.
struct SentinelNews {
  std::optional<ServerAddress> master;
  std::vector<ServerAddress> replicas;   // that it takes for healthy
  std::vector<ServerAddress> sentinels;  // others
};

/// Reads the answer to SENTINEL GET-MASTER-ADDR-BY-NAME.
[[nodiscard]] std::optional<ServerAddress> read_master(const Reply& reply);
/// Reads the answer to SENTINEL REPLICAS or SENTINEL SENTINELS. Leaves out who is down or makes no sense.
[[nodiscard]] std::vector<ServerAddress> read_servers(const Reply& reply);

struct MasterSwitch {
  ServerAddress from;
  ServerAddress to;
};
/// Reads the message of +switch-master, "name old-ip old-port new-ip new-port"; nothing when it is about
/// another name.
[[nodiscard]] std::optional<MasterSwitch> read_switch(std::string_view message,
                                                      std::string_view service_name);
/// Reads the message of +promoted-slave, "slave name new-ip new-port @ name old-ip old-port", which comes as
/// soon as the new master is one; +switch-master waits until the other replicas follow it.
[[nodiscard]] std::optional<MasterSwitch> read_promotion(std::string_view message,
                                                         std::string_view service_name);

}  // namespace cachesite::redis
