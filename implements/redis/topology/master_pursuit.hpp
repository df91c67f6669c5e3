#pragma once

#include "redis/base/address.hpp"
#include "redis/base/deadline.hpp"
#include "redis/topology/master_search.hpp"

#include <optional>
#include <utility>

namespace cachesite::redis {

/// Follows what the sentinels say to the server that is used as the master. A plain state machine; its owner
/// locks, connects to the candidate, and tells what it says of itself.
///
///     master  candidate
///     none    none       nobody has named one yet
///     none    some       the candidate is asked by ROLE
///     some    none       the master in use is the one that is named
///     some    some       another one is named and asked; the one in use stays until that one is confirmed
///
/// `look` makes whom the sentinels name the candidate, unless it is in use. `confirm` makes the candidate the
/// master. `deny` passes it over for a while, if there is another. `leave` and `switched` take the master out
/// of use.
class MasterPursuit {
 public:
  using Sentinel = MasterSearch::Sentinel;

  [[nodiscard]] const std::optional<ServerAddress>& master() const noexcept { return master_; }
  [[nodiscard]] const std::optional<ServerAddress>& candidate() const noexcept { return candidate_; }

  /// See MasterSearch.
  void named(const Sentinel& sentinel, const std::optional<ServerAddress>& master, TimePoint now) {
    search_.named(sentinel, master, now);
  }
  /// A sentinel has announced a switch. True when the master in use is left.
  bool switched(const Sentinel& sentinel, const ServerAddress& from, const ServerAddress& to, TimePoint now) {
    search_.switched(sentinel, from, to, now);
    return leave(from, now);
  }
  void look(TimePoint now) {
    candidate_ = search_.choice(now);
    if (candidate_ == master_) candidate_.reset();
  }
  /// The candidate is a master.
  void confirm() noexcept { master_ = std::exchange(candidate_, std::nullopt); }
  /// The candidate is no master, or refuses the login.
  void deny(TimePoint now) {
    search_.denied(*candidate_, now);
    look(now);
  }
  /// The server is no master any more. True when it was the one in use.
  bool leave(const ServerAddress& server, TimePoint now) {
    if (master_ != server) return false;
    search_.denied(server, now);
    master_.reset();
    return true;
  }

 private:
  MasterSearch search_;
  std::optional<ServerAddress> master_;
  std::optional<ServerAddress> candidate_;
};

}  // namespace cachesite::redis
