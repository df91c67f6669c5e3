#pragma once

#include "integration/redis_connection_fixture.hpp"
#include "support/redis_reply.hpp"
#include "support/sanitized.hpp"

#include <cachesite/change_feed.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite::test {

/// Keeps what a feed tells: the keys, how often everything had changed, and the epochs that were served.
class NewsDiary final : public IFeedListener {
 public:
  void on_changed(FeedServer, std::span<const std::string_view> keys) noexcept override {
    const std::lock_guard lock(mutex_);
    keys_.insert(keys.begin(), keys.end());
    ++messages_;
  }
  void on_everything_changed(FeedServer, bool erase_stale) noexcept override {
    const std::lock_guard lock(mutex_);
    everything_ += erase_stale ? 1 : 1'000;
  }
  void on_served(FeedServer) noexcept override {
    const std::lock_guard lock(mutex_);
    ++served_;
  }

  [[nodiscard]] bool heard(const std::string& key) const {
    const std::lock_guard lock(mutex_);
    return keys_.contains(key);
  }
  [[nodiscard]] std::set<std::string, std::less<>> keys() const {
    const std::lock_guard lock(mutex_);
    return keys_;
  }
  void forget() {
    const std::lock_guard lock(mutex_);
    keys_.clear();
  }
  [[nodiscard]] int everything() const {
    const std::lock_guard lock(mutex_);
    return everything_;
  }
  [[nodiscard]] int served() const {
    const std::lock_guard lock(mutex_);
    return served_;
  }
  [[nodiscard]] std::uint64_t messages() const {
    const std::lock_guard lock(mutex_);
    return messages_;
  }

 private:
  mutable std::mutex mutex_;
  std::set<std::string, std::less<>> keys_;
  std::uint64_t messages_ = 0;
  int everything_ = 0;
  int served_ = 0;
};

inline FeedOptions patient_feed() {
  FeedOptions options;
  options.max_staleness *= slowness;
  return options;
}

/// One watch of a component, with what it was told.
struct Watched {
  NewsDiary diary;
  std::unique_ptr<IFeedWatch> watch;

  explicit Watched(IChangeFeed& feed, const std::string& prefix = "", FeedOptions options = patient_feed())
      : watch(feed.watch(prefix, options, diary)) {}

  [[nodiscard]] std::uint32_t epoch() const { return watch->served({}).load(); }
  [[nodiscard]] bool coherent() const {
    return wait_until([&] { return epoch() != 0; });
  }
  [[nodiscard]] ServerReport report() const {
    const auto all = watch->servers();
    return all.empty() ? ServerReport{} : all.front();
  }
  [[nodiscard]] bool in_state(std::string_view state) const {
    return wait_until([&] { return report().state == state; });
  }
  /// Whether the news of all writes so far have come, without waiting for each.
  [[nodiscard]] bool fenced() const { return watch->fence(std::chrono::seconds(10)).ok(); }
};

using Words = std::vector<std::string>;

/// Whether each of the keys is heard of after the command, which a foreign client gives.
inline bool is_heard(Watched& watched, RedisProbe& writer, const Words& command,
                     const std::vector<std::string>& keys) {
  watched.diary.forget();
  writer.checked(command);
  if (!watched.fenced()) return false;
  for (const auto& key : keys)
    if (!watched.diary.heard(key)) return false;
  return true;
}

/// The number of the connection for news, as the server knows it.
inline std::string news_connection(RedisProbe& probe) {
  const auto list = probe.checked({"CLIENT", "LIST"}).text;
  for (std::size_t begin = 0; begin < list.size();) {
    const auto end = list.find('\n', begin);
    const auto line = list.substr(begin, end - begin);
    if (line.find("flags=t") != std::string::npos || line.find("flags=Pt") != std::string::npos ||
        line.find("cmd=ping") != std::string::npos)
      if (line.find("flags=N") == std::string::npos) return line.substr(3, line.find(' ') - 3);
    if (end == std::string::npos) break;
    begin = end + 1;
  }
  return {};
}

}  // namespace cachesite::test
