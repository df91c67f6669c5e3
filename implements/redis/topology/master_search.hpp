#pragma once

#include "redis/base/address.hpp"
#include "redis/base/deadline.hpp"

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <vector>

namespace cachesite::redis {

/// Weighs what the sentinels say about where the master is. A plain state machine; its owner locks. Whatever
/// it chooses still has to show by ROLE that it is a master.
class MasterSearch {
 public:
  using Sentinel = ServerAddress;

  /// A server that has said that it is no master is passed over for so long, if there is another.
  static constexpr std::chrono::milliseconds distrust{500};
  /// So long after a switch a sentinel that names the old master is taken to lag behind. They tell each other
  /// every two seconds, and only then turn the old master, which takes itself for one still, into a replica.
  static constexpr std::chrono::milliseconds settling{15'000};

  /// A sentinel names the master. Nothing: it knows none of that name, or cannot be asked.
  void named(const Sentinel& sentinel, const std::optional<ServerAddress>& master, TimePoint now);
  /// A sentinel has announced a switch: whoever still names the old master has not heard of it yet.
  void switched(const Sentinel& sentinel, const ServerAddress& from, const ServerAddress& to, TimePoint now);
  /// The server said that it is no master.
  void denied(const ServerAddress& server, TimePoint now);

  /// Whom most sentinels name; of equals, whom a sentinel has named last.
  [[nodiscard]] std::optional<ServerAddress> choice(TimePoint now) const;

 private:
  struct Vote {
    Sentinel sentinel;
    ServerAddress master;
    TimePoint cast;
    bool counts;  // else it is only remembered what the sentinel knew last
  };
  struct Successor {
    ServerAddress master;
    TimePoint since;
  };
  void cast(const Sentinel& sentinel, const ServerAddress& master, TimePoint now);
  void succeed(const ServerAddress& from, const ServerAddress& to, TimePoint now);
  [[nodiscard]] const ServerAddress& meant(const Vote& vote) const;

  std::vector<Vote> votes_;  // the latest last
  std::map<ServerAddress, TimePoint> denials_;
  std::map<ServerAddress, Successor> successors_;  // without circles
};

}  // namespace cachesite::redis
