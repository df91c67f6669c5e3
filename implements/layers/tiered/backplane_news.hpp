#pragma once

#include "basics/delete_in_place.hpp"
#include "basics/per_process_mutex.hpp"
#include "layers/base/owed_removals.hpp"
#include "layers/tiered/near_tier.hpp"

#include <cachesite/backplane.hpp>
#include <cachesite/cache_request.hpp>
#include <cachesite/i_tiered_cache.hpp>
#include <cachesite/tiered_cache.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

namespace cachesite::tiered {

/// What processes tell each other about changes: hears that of others, forgets the copies of what has changed, and
/// tells of own changes. Safe from any thread.
class BackplaneNews final : private IBackplaneListener {
 public:
  BackplaneNews(NearTier& near, const CoherenceOptions& options, std::function<bool()> stopped);

  /// Called when who vouches for copies may be another.
  void when_changed(std::function<void()> changed) { changed_ = std::move(changed); }
  /// Asked for what is to be said of it when no lock is held.
  void when_settled(std::function<std::function<void()>()> notice) { notice_ = std::move(notice); }
  /// Watches, unless that has been done. Throws what IBackplane::watch throws.
  void begin();
  /// Stops: nothing is called afterwards. Calls that are under way may ask for the reason until then.
  void end() noexcept { basics::delete_in_place(watch_); }

  /// After the far tier has answered: tells of what has changed, or may have.
  void publish(const CacheRequest& request) noexcept;
  /// The same for a change whose answer nobody waits for.
  void publish_unanswered(const CacheRequest& request) noexcept;
  /// What was removed from the far tier since its change had failed.
  void publish(const layers::OwedRemovals::Part& removed) noexcept;
  /// Nobody knows what may have changed.
  void publish_clear() noexcept;

  [[nodiscard]] BackplaneState state() const noexcept;
  /// Why copies are not vouched for, or only for a short time.
  [[nodiscard]] std::string reason() const;
  [[nodiscard]] std::chrono::milliseconds proven_age() const noexcept;
  void fill(TierStatistics& statistics) const noexcept;

 private:
  void on_changes(std::span<const BackplaneChange> changes) noexcept override;
  void on_state(const BackplaneState& state) noexcept override;
  void on_proven(std::int64_t as_of) noexcept override;
  std::function<void()> take_notice() override { return notice_ ? notice_() : std::function<void()>(); }

  void take(const BackplaneChange& change) noexcept;
  void tell(const CacheRequest& request) noexcept;
  void tell_pattern(std::string_view pattern) noexcept;
  void tell_key(ChangeAction action, std::string_view key) noexcept;

  NearTier& near_;
  const std::shared_ptr<IBackplane> backplane_;
  const std::int64_t max_staleness_;  // nanoseconds
  const std::function<bool()> stopped_;
  std::function<void()> changed_;
  std::function<std::function<void()>()> notice_;
  BackplaneGuard guard_;
  std::atomic<std::int64_t> as_of_{0};
  std::atomic<std::uint32_t> epoch_{0};
  std::atomic<std::uint64_t> keys_{0}, keys_with_copy_{0};
  std::atomic<bool> begun_{false};
  basics::PerProcessMutex beginning_;
  std::unique_ptr<IBackplaneWatch> watch_;  // the last: its threads use everything above
};

}  // namespace cachesite::tiered
