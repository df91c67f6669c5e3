#pragma once

#include "layers/base/guarded_listeners.hpp"

#include <cachesite/change_feed.hpp>
#include <cachesite/i_tiered_cache.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace cachesite::tiered {

using TierListeners = layers::ListenerList<ITierListener>;

/// Somebody began or ceased to vouch for the copies of a server.
struct VouchedChange {
  FeedServer server;
  bool lost = false;
  std::optional<std::int64_t> gap_milliseconds;  // that has ended
};

/// Tells a logger and the listeners of such changes; without one, that they are vouched for in another way. It owns all that it uses, so that it may outlive the cache.
class GapNotice {
 public:
  GapNotice(std::shared_ptr<const TierListeners> told, std::vector<VouchedChange> changes,
            CoherenceReport report)
      : told_(std::move(told)), changes_(std::move(changes)), report_(std::move(report)) {}

  void operator()() const;

 private:
  void log(const VouchedChange& change) const;
  void log_state() const;

  std::shared_ptr<const TierListeners> told_;
  std::vector<VouchedChange> changes_;
  CoherenceReport report_;
};

}  // namespace cachesite::tiered
