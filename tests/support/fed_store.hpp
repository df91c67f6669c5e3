#pragma once

#include "support/fake_clock.hpp"

#include <cachesite/cache_layer.hpp>
#include <cachesite/change_feed.hpp>
#include <cachesite/memory_cache.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite::test {

/// A store as a server is one, with the news of its changes: a test decides when each is heard, and when the news
/// are lost. All by one thread. It begins without anybody vouching for it.
class FedStore final : public CacheLayer, public IChangeFeed {
 public:
  static constexpr std::size_t most_servers = 4;

  explicit FedStore(const std::shared_ptr<FakeClock>& clock) : CacheLayer(store_with(clock)), clock_(clock) {}

  // What other programs do: they do not go through the tiers.
  bool foreign_write(std::string_view key, std::string_view value, TimeToLive life = std::chrono::hours(1)) {
    const bool written = below()->write(key, value, life).ok();
    pending_.emplace_back(key);
    return written;
  }
  bool foreign_remove(std::string_view key) {
    const bool removed = below()->remove(key).value_or(false);
    if (removed) pending_.emplace_back(key);
    return removed;
  }
  void foreign_flush() {
    (void)below()->clear();
    pending_.emplace_back();
  }

  // What happens on the connection of the news.
  [[nodiscard]] std::size_t pending() const noexcept { return pending_.size(); }
  void hear_one() {
    if (pending_.empty()) return;
    const auto news = std::move(pending_.front());
    pending_.pop_front();
    if (watch_ == nullptr || watch_->served_[0] == 0) return;
    if (news.empty()) return hear_flush();
    const std::string_view view(news);
    watch_->listener_.on_changed({server_of(news)}, {&view, 1});
  }
  void hear_all() {
    while (!pending_.empty())
      hear_one();
  }
  // The news are known to be complete: all that was acknowledged has been heard.
  void prove() {
    hear_all();
    if (watch_ == nullptr) return;
    for (auto& until : watch_->valid_until_)
      until = now() + std::chrono::nanoseconds(watch_->options_.max_staleness).count();
  }
  void open(std::uint16_t server = 0) {
    if (watch_ == nullptr) return;
    pending_.clear();
    watch_->valid_until_[server] = now() + std::chrono::nanoseconds(watch_->options_.max_staleness).count();
    serve(server, ++epoch_);
  }
  void open_all() {
    for (std::uint16_t server = 0; server < most_servers; ++server)
      open(server);
  }
  // The news stop; what has not been heard is lost.
  void lose(std::uint16_t server = 0) {
    if (watch_ == nullptr) return;
    serve(server, 0);
    pending_.clear();
  }
  void tell(std::string_view key) { pending_.emplace_back(key); }

  // In the middle of a call: on its way to the server, and on its way back.
  std::function<void()> before_call;
  std::function<void()> after_call;
  /// The next change is made, but its answer is lost.
  bool lose_answer = false;
  bool away = false;
  /// Changes that the server refuses, of one key or in a batch.
  std::function<bool(std::string_view)> refuses;
  Error refusal{ErrorCode::refused, "OOM"};
  /// Keys that no server answers for.
  std::function<bool(std::string_view)> is_lost;
  /// It is not known that reads go to the server whose news come.
  bool doubtful = false;
  std::function<std::uint16_t(std::string_view)> place = [](std::string_view) { return std::uint16_t{0}; };

  [[nodiscard]] Health health() const override {
    return away ? Health{HealthState::down, "away"} : CacheLayer::health();
  }

  int reads = 0;
  int fences = 0;
  std::string watched_prefix;
  FeedOptions watched_options;
  [[nodiscard]] bool is_watched() const noexcept { return watch_ != nullptr; }

  std::unique_ptr<IFeedWatch> watch(std::string prefix, FeedOptions options,
                                    IFeedListener& listener) override {
    watched_prefix = std::move(prefix);
    watched_options = options;
    return std::make_unique<Watch>(*this, options, listener);
  }

 protected:
  void do_begin(CacheRequest& request) override {
    run(before_call);
    if (request.effect() == CacheEffect::read) ++reads;
    if (away) return request.fail(Error(ErrorCode::unreachable, "away"));
    if (refuses && request.is_batch() && request.effect() != CacheEffect::read)
      return forward_some(request, refuses, refusal);
    if (is_lost && request.is_batch())
      return forward_some(request, is_lost, Error(ErrorCode::unreachable, "lost"));
    if (is_lost && is_lost(request.key)) return request.fail(Error(ErrorCode::unreachable, "lost"));
    forward(request);
    note_changes(request);
    if (!request.lives.empty() && request.subject() == CacheSubject::key)
      request.lives.front().server = server_of(request.key);
    run(after_call);
    if (request.effect() != CacheEffect::read && std::exchange(lose_answer, false))
      request.fail(Error(ErrorCode::timeout, "no answer", Outcome::unknown));
  }

 private:
  class Watch final : public IFeedWatch {
   public:
    Watch(FedStore& store, FeedOptions options, IFeedListener& listener)
        : options_(options), listener_(listener), store_(store) {
      store.watch_ = this;
    }
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    ~Watch() override { store_.watch_ = nullptr; }

    const std::atomic<std::uint32_t>& served(FeedServer server) const noexcept override {
      return served_[server.index];
    }
    const std::atomic<std::int64_t>& valid_until(FeedServer server) const noexcept override {
      return valid_until_[server.index];
    }
    const std::atomic<std::uint64_t>& generation() const noexcept override { return generation_; }
    bool fills(FeedServer server) const noexcept override {
      return served_[server.index] != 0 && !store_.doubtful;
    }
    Status fence(std::chrono::milliseconds) noexcept override {
      ++store_.fences;
      if (served_[0] == 0) return Error(ErrorCode::unreachable, "no news");
      store_.prove();
      return Done{};
    }
    std::vector<ServerReport> servers() const override {
      ServerReport report;
      report.address = "10.0.0.1:6379";
      report.epoch = served_[0];
      report.state = report.epoch != 0 ? "coherent" : "seeking";
      if (report.epoch == 0) report.reason = "the connection was lost";
      return {report};
    }

   private:
    friend class FedStore;
    const FeedOptions options_;
    IFeedListener& listener_;
    FedStore& store_;
    std::array<std::atomic<std::uint32_t>, most_servers> served_{};
    std::array<std::atomic<std::int64_t>, most_servers> valid_until_{};
    std::atomic<std::uint64_t> generation_{0};
  };

  static std::shared_ptr<ICache> store_with(const std::shared_ptr<FakeClock>& clock) {
    ComponentContext context;
    context.clock = clock;
    return std::make_shared<MemoryCache>(MemoryCacheOptions(), context);
  }
  // Once: what it does may come back here.
  static void run(std::function<void()>& action) {
    if (!action) return;
    const auto once = std::exchange(action, nullptr);
    once();
  }
  [[nodiscard]] std::int64_t now() const noexcept {
    return std::chrono::nanoseconds(clock_->now().time_since_epoch()).count();
  }
  [[nodiscard]] std::uint16_t server_of(std::string_view key) const { return place(key); }
  void serve(std::uint16_t server, std::uint32_t epoch) {
    watch_->served_[server] = epoch;
    ++watch_->generation_;
    watch_->listener_.on_served({server});
    if (const auto notice = watch_->listener_.take_notice()) notice();
  }
  void hear_flush() {
    const auto server = std::uint16_t{0};
    watch_->served_[server] = 0;
    ++watch_->generation_;
    watch_->listener_.on_everything_changed({server}, true);
    serve(server, ++epoch_);
  }
  void forward_some(CacheRequest& batch, const std::function<bool(std::string_view)>& fails,
                    const Error& error) {
    const auto refusal = [&](std::size_t item) {
      return fails(batch.key_of(item)) ? std::optional(error) : std::nullopt;
    };
    pass_accepted(batch, refusal, [&](CacheRequest& part) { forward(part); });
  }
  void note_changes(const CacheRequest& request) {
    switch (request.effect()) {
      case CacheEffect::store:
      case CacheEffect::count:
      case CacheEffect::prolong:
      case CacheEffect::remove:
        if (request.subject() == CacheSubject::key) pending_.emplace_back(request.key);
        if (request.is_batch())
          for (std::size_t item = 0; item < request.items(); ++item)
            pending_.emplace_back(request.key_of(item));
        break;
      case CacheEffect::read:
      case CacheEffect::look:
      case CacheEffect::list:
        break;
    }
  }

  const std::shared_ptr<FakeClock> clock_;
  std::deque<std::string> pending_;  // keys; empty for all of them
  std::uint32_t epoch_ = 0;
  Watch* watch_ = nullptr;
};

}  // namespace cachesite::test
