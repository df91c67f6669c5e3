#pragma once

#include <cachesite/component.hpp>
#include <cachesite/result.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite {

/// A server of a feed: a small number that keeps its meaning while the feed lives.
struct FeedServer {
  static constexpr std::uint16_t most = 1024;
  std::uint16_t index = 0;

  friend bool operator==(FeedServer, FeedServer) = default;
};

/// How a feed speaks to its servers: RESP3, RESP2, or RESP3 where the server knows it.
enum class FeedProtocol : std::uint8_t { automatic, resp3, resp2 };

struct FeedOptions {
  /// Of several watches of a connection the first that is not automatic decides.
  FeedProtocol protocol = FeedProtocol::automatic;
  /// A server is trusted for so long after the last answer that proved its news complete.
  std::chrono::milliseconds max_staleness{2'000};
  /// How often a write of the feed's own is sent through a data connection and waited for in the news.
  std::chrono::milliseconds probe_interval{10'000};
  /// False: only pings are sent, and `ServerReport::proven` stays false.
  bool probe = true;
};

/// The state of one server of a feed.
struct ServerReport {
  std::string address;
  /// seeking, arming, proving, coherent, doubtful, refused or stopped.
  std::string_view state;
  /// Number of the current unbroken time of news; 0 before the first.
  std::uint32_t epoch = 0;
  /// How long ago the news were last known to be complete.
  std::chrono::milliseconds proven_age{0};
  /// Why the state is what it is, in one sentence; empty when all is well.
  std::string reason;
  /// Whether a write of the feed's own was seen in the news.
  bool proven = false;
  /// Messages and keys heard from this server.
  std::uint64_t messages = 0;
  std::uint64_t keys = 0;
};

/// Called by the thread of the feed; must not block.
class IFeedListener {
 public:
  virtual ~IFeedListener() = default;
  /// These entries may have changed. The keys are as callers of the component name them, so they begin with
  /// the prefix of the watch, and a prefix that the component itself puts before keys is removed.
  virtual void on_changed(FeedServer server, std::span<const std::string_view> keys) noexcept = 0;
  /// Any entry of the server may have changed. With `erase_stale` all were removed, so that copies are not
  /// even good as stale values.
  virtual void on_everything_changed(FeedServer server, bool erase_stale) noexcept = 0;
  /// The epoch that a server is vouched for has changed, to 0 too.
  virtual void on_served(FeedServer server) noexcept = 0;
  /// What the listener has to say to others, such as a logger, about what `on_served` has told: asked for when
  /// the reports of servers are up to date, and run by the thread of the feed when no lock is held. It owns
  /// what it uses, since the listener may be gone by then.
  [[nodiscard]] virtual std::function<void()> take_notice() { return {}; }
};

/// One watcher of a feed. It stops when it is destroyed: no call of the listener is under way afterwards.
class IFeedWatch {
 public:
  virtual ~IFeedWatch() = default;

  /// The epoch that copies of this server must have to be served; 0: none. Valid while the watch lives.
  [[nodiscard]] virtual const std::atomic<std::uint32_t>& served(FeedServer server) const noexcept = 0;
  /// Until when they may be served: nanoseconds of std::chrono::steady_clock, or of the clock of the context.
  [[nodiscard]] virtual const std::atomic<std::int64_t>& valid_until(FeedServer server) const noexcept = 0;
  /// Grows whenever any served epoch changes, and when a connection that reads go over is made or lost.
  [[nodiscard]] virtual const std::atomic<std::uint64_t>& generation() const noexcept = 0;
  /// Whether a copy of what was just read from this server may be made: not while nobody is vouched for, nor
  /// while it is not known that reads go to the server whose news come. A copy is made when this is true and
  /// `generation` is what it was before the read.
  [[nodiscard]] virtual bool fills(FeedServer server) const noexcept {
    return served(server).load(std::memory_order_acquire) != 0;
  }

  /// Waits until the news of all writes that were acknowledged before this call have come, on all servers.
  virtual Status fence(std::chrono::milliseconds limit) noexcept = 0;
  [[nodiscard]] virtual std::vector<ServerReport> servers() const = 0;
};

/// What servers say about changes of their entries, whoever makes them. All calls are safe from any thread.
///
/// A RedisCache and a RedisConnection offer it, by the tracking of Redis 6 and later in its form BCAST (see
/// https://redis.io/docs/latest/develop/reference/client-side-caching/). No thread and no connection exists
/// before the first watch; all watches of one component share one thread and one connection for each server.
class IChangeFeed : public Interface<IChangeFeed, "IChangeFeed"> {
 public:
  /// News of all entries whose keys begin with `prefix`, as callers of the component name them: a RedisCache
  /// puts its own prefix before it. The listener must outlive the watch. Throws std::bad_alloc, and
  /// std::system_error when no thread can be started.
  [[nodiscard]] virtual std::unique_ptr<IFeedWatch> watch(std::string prefix, FeedOptions options,
                                                          IFeedListener& listener) = 0;
  /// Why copies of what this component reads cannot be kept true by its news, for whoever configured it; empty
  /// when nothing is in the way.
  [[nodiscard]] virtual std::string_view obstacle() const noexcept { return {}; }
};

}  // namespace cachesite
