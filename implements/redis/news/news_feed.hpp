#pragma once

#include "basics/fork_mark.hpp"
#include "basics/thread.hpp"
#include "redis/news/feed_hub.hpp"
#include "redis/news/news_server.hpp"
#include "redis/topology/topology.hpp"

#include <cachesite/change_feed.hpp>
#include <cachesite/clock.hpp>
#include <cachesite/logger.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <poll.h>

namespace cachesite::redis {

/// The news of all servers of a topology, with one thread for all of them. The thread begins with the first watch,
/// and ends with `stop`. All calls are safe from any thread.
///
///     idle     nobody watches             watch() -> running
///     running  the thread polls           stop() -> stopped
///     stopped  watches are served nothing final
///
/// In a forked child nothing is done, and watches are served nothing: the thread and the connections are its
/// parent's.
class NewsFeed {
 public:
  struct Options {
    std::string label;
    std::shared_ptr<ILogger> logger;
    std::shared_ptr<const IClock> clock;
    std::chrono::milliseconds first_pause{50};
    std::chrono::milliseconds longest_pause{1'000};
  };

  NewsFeed(std::shared_ptr<Topology> topology, Options options);
  ~NewsFeed();
  NewsFeed(const NewsFeed&) = delete;
  NewsFeed& operator=(const NewsFeed&) = delete;

  /// `stripped`: so many bytes at the beginning of the prefix, and of keys, are not the watcher's.
  [[nodiscard]] std::unique_ptr<IFeedWatch> watch(std::string prefix, std::size_t stripped,
                                                  FeedOptions options, IFeedListener& listener);
  /// See IChangeFeed.
  [[nodiscard]] std::string_view obstacle() const noexcept;
  void stop() noexcept;

 private:
  struct FenceRound {
    std::uint64_t ticket;
    std::vector<std::uint64_t> pings;  // of each server
  };

  [[nodiscard]] std::shared_ptr<FeedHub> hub();
  void begin();
  void work() noexcept;
  void try_turn();
  void heed_watchers();
  void heed_servers();
  void take_masters(const std::vector<Topology::ServerNow>& masters);
  void begin_fences();
  void end_fences();
  void wait();
  [[nodiscard]] bool stopping() const;
  [[nodiscard]] std::unique_ptr<NewsServer> make_server(const Topology::ServerNow& server) const;

  const std::shared_ptr<Topology> topology_;
  const Options options_;
  const basics::ForkMark fork_mark_;
  const std::string id_;
  std::shared_ptr<FeedHub> hub_;

  mutable std::mutex mutex_;
  basics::Thread thread_;
  bool running_ = false;
  bool stopping_ = false;

  // Of the thread.
  PrefixSet prefixes_;
  FeedOptions wishes_;
  std::vector<std::unique_ptr<NewsServer>> servers_;
  std::vector<pollfd> polls_;
  bool signalled_ = true;                              // or perhaps
  std::uint64_t seen_generation_ = ~std::uint64_t{0};  // by which the servers are those of the topology
  std::optional<std::uint64_t> masters_version_;       // none while a change is not done with
  std::vector<FenceRound> rounds_;
  std::uint64_t due_fences_ = 0;  // the last ticket of those that are to begin, or to begin again
};

}  // namespace cachesite::redis
