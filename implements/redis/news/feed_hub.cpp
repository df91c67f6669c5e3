#include "redis/news/feed_hub.hpp"

#include <cachesite/detail/time_span.hpp>

#include <algorithm>
#include <exception>

namespace cachesite::redis {

namespace {

// Of all feeds of the process, so that no copy carries a number that was somebody else's.
std::uint32_t next_epoch() noexcept {
  static std::atomic<std::uint32_t> last{0};
  for (;;)
    if (const auto epoch = last.fetch_add(1, std::memory_order_relaxed) + 1; epoch != 0) return epoch;
}

bool covers(std::span<const std::string> prefixes, std::string_view prefix) noexcept {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](const std::string& known) { return prefix.starts_with(known); });
}

}  // namespace

/// Holds the watchers still, and lets a listener that is called meanwhile add and remove some.
class FeedHub::Telling {
 public:
  explicit Telling(const FeedHub& hub) : lock_(hub.listeners_mutex_, std::defer_lock) {
    if (hub.teller_.load() != std::this_thread::get_id()) lock_.lock();
  }
  [[nodiscard]] bool is_nested() const noexcept { return !lock_.owns_lock(); }

 private:
  std::unique_lock<std::mutex> lock_;
};

FeedHub::FeedHub(std::shared_ptr<ServerChanges::Listener> changes, std::shared_ptr<const IClock> clock)
    : changes_(std::move(changes)), clock_(std::move(clock)) {}

template <class Visit>
void FeedHub::for_each_watcher(Visit&& visit) {
  const std::lock_guard lock(listeners_mutex_);
  teller_.store(std::this_thread::get_id());
  struct End {
    FeedHub& hub;
    ~End() {
      std::erase(hub.watchers_, nullptr);
      hub.teller_.store({});
    }
  } end{*this};
  for (std::size_t index = 0; index < watchers_.size(); ++index)
    if (const auto watcher = watchers_[index]) visit(*watcher);
}

void FeedHub::add(const std::shared_ptr<FeedWatcher>& watcher) {
  {
    const Telling telling(*this);
    watchers_.push_back(watcher);
  }
  changes_->signal.raise();
}

void FeedHub::remove(const FeedWatcher& watcher) noexcept {
  if (fork_mark_.forked()) return;
  const Telling telling(*this);
  const auto found = std::find_if(watchers_.begin(), watchers_.end(),
                                  [&](const auto& known) { return known.get() == &watcher; });
  if (found == watchers_.end()) return;
  if (telling.is_nested())
    found->reset();
  else
    watchers_.erase(found);
}

std::vector<std::string> FeedHub::take_added() {
  std::vector<std::string> prefixes;
  const Telling telling(*this);
  for (const auto& watcher : watchers_)
    if (watcher && !std::exchange(watcher->seen, true)) prefixes.push_back(watcher->prefix);
  return prefixes;
}

void FeedHub::give_added_again() noexcept {
  for_each_watcher([](FeedWatcher& watcher) { watcher.seen = false; });
}

FeedOptions FeedHub::options() const {
  std::optional<FeedOptions> all;
  const Telling telling(*this);
  for (const auto& watcher : watchers_) {
    if (!watcher) continue;
    const auto& one = watcher->options;
    if (!all) all = one;
    if (all->protocol == FeedProtocol::automatic) all->protocol = one.protocol;
    all->max_staleness = std::min(all->max_staleness, one.max_staleness);
    all->probe_interval = std::min(all->probe_interval, one.probe_interval);
    all->probe = all->probe || one.probe;
  }
  return all.value_or(FeedOptions{});
}

FeedHub::Server& FeedHub::server_at(FeedServer server) {
  const std::lock_guard lock(mutex_);
  auto* known = servers_[server.index].load();
  if (known == nullptr) {
    kept_servers_.push_back(std::make_unique<Server>());
    known = kept_servers_.back().get();
    servers_[server.index].store(known);
  }
  return *known;
}

void FeedHub::trust_until(FeedServer server, TimePoint end) noexcept {
  valid_until_[server.index].store(
      std::chrono::duration_cast<std::chrono::nanoseconds>(end.time_since_epoch()).count(),
      std::memory_order_release);
}

void FeedHub::proven(FeedServer server, std::uint64_t connections) noexcept {
  if (auto* const known = servers_[server.index].load()) known->proven.store(connections);
}

bool FeedHub::fills(const FeedWatcher& watcher, FeedServer server) const noexcept {
  if (fork_mark_.forked() || watcher.served[server.index].load() == 0) return false;
  const auto* const known = servers_[server.index].load();
  return known != nullptr && known->proven.load() == changes_->connections[server.index].load();
}

void FeedHub::unserve(FeedServer server) noexcept {
  set_served(server, {}, true);
}

void FeedHub::serve(FeedServer server, std::span<const std::string> prefixes) noexcept {
  set_served(server, prefixes, true);
}

void FeedHub::serve_more(FeedServer server, std::span<const std::string> prefixes) noexcept {
  set_served(server, prefixes, false);
}

// All of them are served anew before the first is told. What was read before has another generation than what is
// read in the new epoch, so the generation grows first; it grows again for who waits for the end of this.
void FeedHub::set_served(FeedServer server, std::span<const std::string> prefixes, bool anew) noexcept {
  changes_->generation.fetch_add(1);
  for_each_watcher([&](FeedWatcher& watcher) {
    auto& served = watcher.served[server.index];
    const bool covered = covers(prefixes, watcher.prefix);
    const auto before = served.load();
    watcher.tell = (anew && (before != 0 || covered)) || (before == 0 && covered);
    if (watcher.tell) served.store(covered ? next_epoch() : 0, std::memory_order_release);
  });
  changes_->generation.fetch_add(1);
  for_each_watcher([&](FeedWatcher& watcher) {
    if (std::exchange(watcher.tell, false)) watcher.listener.on_served(server);
  });
  notice_due_ = true;
}

void FeedHub::give_notice() {
  if (!std::exchange(notice_due_, false)) return;
  std::vector<std::function<void()>> notices;
  for_each_watcher([&](FeedWatcher& watcher) {
    if (auto notice = watcher.listener.take_notice()) notices.push_back(std::move(notice));
  });
  for (const auto& notice : notices)
    notice();
}

void FeedHub::changed(FeedServer server, std::span<const std::string_view> keys) {
  auto& known = server_at(server);
  known.messages.fetch_add(1, std::memory_order_relaxed);
  known.keys.fetch_add(keys.size(), std::memory_order_relaxed);
  for_each_watcher([&](FeedWatcher& watcher) {
    watcher.keys.clear();
    for (const auto key : keys)
      if (key.starts_with(watcher.prefix)) watcher.keys.push_back(key.substr(watcher.stripped));
    if (!watcher.keys.empty()) watcher.listener.on_changed(server, watcher.keys);
  });
}

void FeedHub::everything_changed(FeedServer server) noexcept {
  for_each_watcher([&](FeedWatcher& watcher) { watcher.listener.on_everything_changed(server, true); });
}

void FeedHub::report(FeedServer server, ServerReport report) {
  auto& known = server_at(server);
  const std::lock_guard lock(mutex_);
  known.report = std::move(report);
}

void FeedHub::forget(FeedServer server) noexcept {
  auto* const known = servers_[server.index].load();
  if (known == nullptr) return;
  const std::lock_guard lock(mutex_);
  known->report = {};
}

void FeedHub::known_as_of(FeedServer server, TimePoint as_of) noexcept {
  if (auto* const known = servers_[server.index].load()) known->as_of.store(as_of.time_since_epoch().count());
}

std::vector<ServerReport> FeedHub::reports(const FeedWatcher& watcher) const {
  std::vector<ServerReport> all;
  if (fork_mark_.forked()) return all;
  const auto time = now().time_since_epoch();
  const std::lock_guard lock(mutex_);
  for (std::size_t index = 0; index < servers_.size(); ++index) {
    const auto* const known = servers_[index].load();
    if (known == nullptr || known->report.address.empty()) continue;
    auto& report = all.emplace_back(known->report);
    report.epoch = watcher.served[index].load();
    const TimePoint::duration as_of(known->as_of.load());
    if (as_of.count() != 0)
      report.proven_age = std::chrono::duration_cast<std::chrono::milliseconds>(time - as_of);
    report.messages = known->messages.load(std::memory_order_relaxed);
    report.keys = known->keys.load(std::memory_order_relaxed);
  }
  return all;
}

Status FeedHub::fence(std::chrono::milliseconds limit) noexcept try {
  if (fork_mark_.forked()) return Error(ErrorCode::closed, "the process was forked");
  const auto deadline = SteadyTime::now() + TimeSpan(limit).milliseconds();
  std::unique_lock lock(mutex_);
  const auto ticket = ++fences_asked_;
  changes_->signal.raise();
  fenced_.wait_until(lock, deadline,
                     [&] { return stopped_ || std::max(fences_done_, fences_failed_) >= ticket; });
  if (fences_done_ >= ticket) return Done{};
  if (stopped_) return Error(ErrorCode::closed, "the feed is stopped");
  return fence_error();
} catch (const std::exception&) {
  return Error(ErrorCode::no_memory);
}

// With the lock.
Error FeedHub::fence_error() const {
  std::string text = "the news are not complete in time";
  for (const auto& server : kept_servers_)
    if (!server->report.reason.empty())
      return Error(ErrorCode::timeout, text + ": " + server->report.address + ": " + server->report.reason);
  return Error(ErrorCode::timeout, text);
}

std::uint64_t FeedHub::take_fences() {
  const std::lock_guard lock(mutex_);
  if (fences_begun_ == fences_asked_) return 0;
  return fences_begun_ = fences_asked_;
}

void FeedHub::fences_done(std::uint64_t ticket) noexcept {
  const std::lock_guard lock(mutex_);
  fences_done_ = std::max(fences_done_, ticket);
  fenced_.notify_all();
}

void FeedHub::fences_failed(std::uint64_t ticket) noexcept {
  const std::lock_guard lock(mutex_);
  fences_failed_ = std::max(fences_failed_, ticket);
  fenced_.notify_all();
}

void FeedHub::stop() noexcept {
  for_each_watcher([](FeedWatcher& watcher) {
    for (auto& served : watcher.served)
      served.store(0, std::memory_order_release);
  });
  changes_->generation.fetch_add(1);
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  fenced_.notify_all();
}

}  // namespace cachesite::redis
