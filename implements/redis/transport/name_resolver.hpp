#pragma once

#include "basics/stop_signal.hpp"
#include "redis/base/address.hpp"
#include "redis/base/deadline.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace cachesite::redis {

/// Finds the addresses of a host within a deadline. The system's resolver cannot be interrupted, so it runs
/// on a thread of its own, of which there is at most one for each NameResolver: a search that takes longer
/// than its caller waits is picked up by the next call. Numeric addresses need no thread. One caller at a
/// time.
class NameResolver {
 public:
  struct Answer {
    SocketAddresses addresses;  // families alternate, the resolver's first choice first
    std::string problem;        // when there are no addresses
  };

  /// Ends early, with "stopped", when `stop` is raised. An answer that could be had before is used again when
  /// the search fails or takes too long.
  Answer resolve(const std::string& host, std::uint16_t port, TimePoint deadline,
                 const basics::StopSignal& stop);

 private:
  struct Search;
  std::shared_ptr<Search> search_;
  SocketAddresses last_;
};

}  // namespace cachesite::redis
