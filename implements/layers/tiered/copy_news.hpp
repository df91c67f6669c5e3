#pragma once

#include "basics/per_process_mutex.hpp"
#include "layers/tiered/backplane_news.hpp"
#include "layers/tiered/feed_below.hpp"
#include "layers/tiered/gap_notice.hpp"
#include "layers/tiered/near_tier.hpp"

#include <cachesite/change_feed.hpp>
#include <cachesite/i_tiered_cache.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite::tiered {

/// Hears what servers and other processes tell about changes, and forgets the copies of what has changed. States of a
/// server, as far as copies are concerned (a backplane alone counts as the only server):
///
///     lost        nobody vouches for its copies       it has an epoch -> vouched
///     vouched     copies of its epoch are served      its epoch ends -> lost; another epoch -> vouched, and all
///                                                     copies of the one before are dead
class CopyNews final : private IFeedListener {
 public:
  /// Who tells of changes: servers, processes, or both.
  struct Sources {
    FeedBelow below{nullptr, {}};
    std::unique_ptr<BackplaneNews> bus;
  };

  /// Once `stopped` is true nothing is said, and nothing done, about what is told.
  CopyNews(NearTier& near, Sources sources, const FeedOptions& options,
           std::shared_ptr<const TierListeners> told, std::function<bool()> stopped);
  ~CopyNews() override;

  /// Asks for the news, unless that has been done: the first read does. A failure is logged, and the next call tries
  /// again.
  void begin() noexcept {
    if (!has_begun()) [[unlikely]]
      watch();
  }
  [[nodiscard]] bool has_begun() const noexcept { return begun_.load(std::memory_order_acquire); }
  Status fence(std::chrono::milliseconds limit) noexcept;
  /// As IForeignChanges.
  void await_changes(std::chrono::milliseconds limit) noexcept;
  [[nodiscard]] bool tells_own_changes() const noexcept { return feed_ != nullptr; }
  [[nodiscard]] CoherenceReport report() const;
  /// Null without a backplane.
  [[nodiscard]] BackplaneNews* bus() noexcept { return bus_.get(); }
  void fill(TierStatistics& statistics) const noexcept;

 private:
  void on_changed(FeedServer server, std::span<const std::string_view> keys) noexcept override;
  void on_everything_changed(FeedServer server, bool erase_stale) noexcept override;
  void on_served(FeedServer server) noexcept override;
  std::function<void()> take_notice() override;

  void watch() noexcept;
  void begin_watch();
  void take_state(FeedServer server) noexcept;
  void take_all_states() noexcept;
  [[nodiscard]] std::chrono::system_clock::time_point since() const noexcept;
  void report_servers(CoherenceReport& report) const;
  void report_backplane(CoherenceReport& report) const;
  void begin_gap(FeedServer server, std::int64_t now);
  void end_gap(FeedServer server, std::int64_t now);

  NearTier& near_;
  IChangeFeed* const feed_;  // null without servers
  const std::string prefix_;
  const FeedOptions options_;
  const std::shared_ptr<const TierListeners> told_;
  const std::function<bool()> stopped_;
  std::atomic<std::uint64_t> messages_{0}, keys_{0}, keys_with_copy_{0}, everything_changed_{0};
  std::atomic<std::uint64_t> epochs_{0}, gaps_{0}, gap_milliseconds_{0};
  std::atomic<std::int64_t> since_{0};  // microseconds of the wall clock
  std::atomic<bool> begun_{false};
  std::atomic<bool> complained_{false};
  basics::PerProcessMutex beginning_;
  basics::PerProcessMutex state_;
  std::array<std::int64_t, FeedServer::most> lost_at_{};  // nanoseconds; 0 while it is vouched for
  std::vector<VouchedChange> untold_;
  basics::PerProcessMutex telling_;
  Coherence told_state_ = Coherence::pass_through;
  std::unique_ptr<BackplaneNews> bus_;  // with the next the last: their threads use all above
  std::unique_ptr<IFeedWatch> watch_;
};

}  // namespace cachesite::tiered
