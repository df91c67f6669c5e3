#pragma once

#include "basics/condition.hpp"
#include "basics/fork_mark.hpp"
#include "basics/zeroed_by_fork.hpp"
#include "redis/base/deadline.hpp"
#include "redis/base/server_changes.hpp"

#include <cachesite/change_feed.hpp>
#include <cachesite/clock.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace cachesite::redis {

/// One watcher, as the feed knows it.
struct FeedWatcher {
  FeedWatcher(std::string watched, std::size_t own_prefix, FeedOptions wishes, IFeedListener& told)
      : prefix(std::move(watched)), stripped(own_prefix), options(wishes), listener(told) {}

  const std::string prefix;    // as the server has the keys
  const std::size_t stripped;  // bytes of it that the watcher does not know of
  const FeedOptions options;
  IFeedListener& listener;
  std::array<std::atomic<std::uint32_t>, FeedServer::most> served{};

  // Of the thread of the feed.
  std::vector<std::string_view> keys;  // of the news at hand
  bool seen = false;
  bool tell = false;
};

/// What the thread of a feed and its watches share. It outlives both.
///
/// A watcher is served an epoch of its own numbering: 0, until the server has confirmed its prefix and is coherent.
class FeedHub {
 public:
  FeedHub(std::shared_ptr<ServerChanges::Listener> changes, std::shared_ptr<const IClock> clock);

  // For watches.
  void add(const std::shared_ptr<FeedWatcher>& watcher);
  /// No call of its listener is under way afterwards, unless this is one.
  void remove(const FeedWatcher& watcher) noexcept;
  Status fence(std::chrono::milliseconds limit) noexcept;
  [[nodiscard]] std::vector<ServerReport> reports(const FeedWatcher& watcher) const;
  [[nodiscard]] bool fills(const FeedWatcher& watcher, FeedServer server) const noexcept;
  [[nodiscard]] const std::atomic<std::int64_t>& valid_until(FeedServer server) const noexcept {
    return valid_until_[server.index];
  }
  [[nodiscard]] const std::atomic<std::uint64_t>& generation() const noexcept { return changes_->generation; }
  [[nodiscard]] bool forked() const noexcept { return fork_mark_.forked(); }

  // For the thread of the feed.
  [[nodiscard]] ServerChanges::Listener& changes() const noexcept { return *changes_; }
  [[nodiscard]] TimePoint now() const noexcept { return clock_->now(); }
  /// Prefixes of watchers that came since the last call.
  [[nodiscard]] std::vector<std::string> take_added();
  /// What the last calls gave was not used.
  void give_added_again() noexcept;
  /// The strictest wishes of all watchers.
  [[nodiscard]] FeedOptions options() const;
  void trust_until(FeedServer server, TimePoint end) noexcept;
  /// Reads go to the server whose news come, over the connections that there were by this count.
  void proven(FeedServer server, std::uint64_t connections) noexcept;
  void unserve(FeedServer server) noexcept;
  /// A new epoch for all watchers that one of the prefixes covers.
  void serve(FeedServer server, std::span<const std::string> prefixes) noexcept;
  /// The same for those that have none.
  void serve_more(FeedServer server, std::span<const std::string> prefixes) noexcept;
  void changed(FeedServer server, std::span<const std::string_view> keys);
  void everything_changed(FeedServer server) noexcept;
  /// Runs what listeners have to say about epochs, without a lock.
  void give_notice();
  void report(FeedServer server, ServerReport report);
  void forget(FeedServer server) noexcept;
  void known_as_of(FeedServer server, TimePoint as_of) noexcept;

  /// The last fence that was asked for when there are some that are not begun, else 0. They count as begun.
  [[nodiscard]] std::uint64_t take_fences();
  void fences_done(std::uint64_t ticket) noexcept;
  /// They cannot be done, as the reports of servers say.
  void fences_failed(std::uint64_t ticket) noexcept;
  /// Nobody is served any more, and fences end.
  void stop() noexcept;

 private:
  struct Server {
    ServerReport report;
    std::atomic<std::int64_t> as_of{0};
    std::atomic<std::uint64_t> messages{0};
    std::atomic<std::uint64_t> keys{0};
    std::atomic<std::uint64_t> proven{0};
  };
  class Telling;

  [[nodiscard]] Server& server_at(FeedServer server);
  template <class Visit>
  void for_each_watcher(Visit&& visit);
  void set_served(FeedServer server, std::span<const std::string> prefixes, bool anew) noexcept;
  [[nodiscard]] Error fence_error() const;

  const basics::ForkMark fork_mark_;
  const std::shared_ptr<ServerChanges::Listener> changes_;
  const std::shared_ptr<const IClock> clock_;
  // Copies ask by references, which a forked child keeps.
  basics::ZeroedByFork<std::atomic<std::int64_t>> valid_until_{FeedServer::most};
  std::array<std::atomic<Server*>, FeedServer::most> servers_{};

  // Listeners are called with this held.
  mutable std::mutex listeners_mutex_;
  std::vector<std::shared_ptr<FeedWatcher>> watchers_;
  std::atomic<std::thread::id> teller_{};
  bool notice_due_ = false;  // of the thread of the feed

  mutable std::mutex mutex_;
  basics::Condition fenced_;
  std::vector<std::unique_ptr<Server>> kept_servers_;
  std::uint64_t fences_asked_ = 0;
  std::uint64_t fences_begun_ = 0;
  std::uint64_t fences_done_ = 0;
  std::uint64_t fences_failed_ = 0;
  bool stopped_ = false;
};

}  // namespace cachesite::redis
