#pragma once

#include "layers/base/outage_log.hpp"
#include "layers/tiered/gap_notice.hpp"

#include <cachesite/cache_request.hpp>
#include <cachesite/i_tiered_cache.hpp>
#include <cachesite/tiered_cache.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite::tiered {

class BackplaneNews;
class NearTier;

/// What has to be removed from the far tier since a change of it failed as in an outage (see OutageLog for the
/// states). Calls do the work; there is no thread.
class FarRecovery {
 public:
  FarRecovery(ICache& far, const RecoveryOptions& options, std::shared_ptr<const TierListeners> told,
              const ComponentContext& context);

  /// Whether anything may have to be removed.
  [[nodiscard]] bool may_owe() const noexcept { return log_.may_owe(); }
  [[nodiscard]] bool owes(std::string_view key) const { return log_.owes(key); }
  /// Before the far tier is asked: removes what the request is about, if it has to be. Its failure is that of the
  /// request.
  Status settle(const CacheRequest& request);
  /// When that has failed for a batch: fails the items whose keys are still to be removed; the others' places.
  std::vector<std::size_t> fail_owed(CacheRequest& batch, const Error& error);
  /// After the far tier has answered. Without memory for it a key counts as forgotten. `caller_left`: the caller has
  /// asked for the end, or has no time left; a failure that comes of it says nothing about the far tier.
  void note(const CacheRequest& request, bool caller_left = false) noexcept;
  /// The same for a change whose answer nobody waits for.
  void note_unanswered(const CacheRequest& request) noexcept;

  /// Removes what it can, at most for this long.
  void finish(std::chrono::milliseconds limit) { log_.finish(limit); }
  /// Why the far tier may hold old values that nobody removes, in one sentence; empty when it does not.
  [[nodiscard]] std::string trouble() const;
  /// There is no copy of what is removed: it may have been stored meanwhile. Other processes are told of it, and when
  /// there is no room for what may have changed; null without them.
  void tell(NearTier& near, BackplaneNews* bus);
  void fill(TierStatistics& statistics) const;

 private:
  void take_end(const CacheRequest& request, bool caller_left);
  void owe(const CacheRequest& request);
  template <class Remember>
  void remember(Remember remember) noexcept;
  void remember_key(std::string_view key) noexcept;
  void note_forgotten() noexcept;

  ICache& far_;
  const std::shared_ptr<const IClock> clock_;
  std::atomic<std::int64_t> old_until_{0};  // ticks; the far tier may hold old values until then
  layers::OutageLog log_;
  BackplaneNews* bus_ = nullptr;
};

}  // namespace cachesite::tiered
