#pragma once

#include "redis/news/feed_hub.hpp"

#include <memory>
#include <utility>

namespace cachesite::redis {

/// What a watcher holds of a feed.
class FeedWatch final : public IFeedWatch {
 public:
  FeedWatch(std::shared_ptr<FeedHub> hub, std::shared_ptr<FeedWatcher> watcher)
      : hub_(std::move(hub)), watcher_(std::move(watcher)) {}
  ~FeedWatch() override { hub_->remove(*watcher_); }

  [[nodiscard]] const std::atomic<std::uint32_t>& served(FeedServer server) const noexcept override {
    static const std::atomic<std::uint32_t> none{0};
    return hub_->forked() || server.index >= FeedServer::most ? none : watcher_->served[server.index];
  }
  [[nodiscard]] const std::atomic<std::int64_t>& valid_until(FeedServer server) const noexcept override {
    static const std::atomic<std::int64_t> never{0};
    return server.index >= FeedServer::most ? never : hub_->valid_until(server);
  }
  [[nodiscard]] const std::atomic<std::uint64_t>& generation() const noexcept override {
    return hub_->generation();
  }
  [[nodiscard]] bool fills(FeedServer server) const noexcept override {
    return server.index < FeedServer::most && hub_->fills(*watcher_, server);
  }
  Status fence(std::chrono::milliseconds limit) noexcept override { return hub_->fence(limit); }
  [[nodiscard]] std::vector<ServerReport> servers() const override { return hub_->reports(*watcher_); }

 private:
  const std::shared_ptr<FeedHub> hub_;
  const std::shared_ptr<FeedWatcher> watcher_;
};

}  // namespace cachesite::redis
