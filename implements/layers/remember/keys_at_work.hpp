#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite::remembering {

/// The keys that something is being done for, or waits to be done, each once. Safe from any thread.
class KeysAtWork {
 public:
  using Tags = std::span<const std::string>;

  class Work {
   public:
    explicit Work(Tags tags) : tags_(tags.begin(), tags.end()) {}
    /// True when the key has been changed since it began.
    [[nodiscard]] bool cancelled() const noexcept { return cancelled_.load(); }

   private:
    friend class KeysAtWork;
    const std::vector<std::string> tags_;
    std::atomic<bool> cancelled_{false};
  };

  /// Null when the key is there.
  std::shared_ptr<const Work> begin(std::string_view key, Tags tags) {
    auto work = std::make_shared<Work>(tags);
    const std::lock_guard lock(mutex_);
    if (!works_.emplace(key, work).second) return nullptr;
    at_work_.store(works_.size());
    return work;
  }
  void end(std::string_view key, const Work& work) noexcept {
    const std::lock_guard lock(mutex_);
    if (const auto found = works_.find(key); found != works_.end() && found->second.get() == &work)
      works_.erase(found);
    at_work_.store(works_.size());
  }
  /// The key may then begin anew.
  void cancel(std::string_view key) noexcept {
    if (at_work_.load() == 0) return;
    const std::lock_guard lock(mutex_);
    if (const auto found = works_.find(key); found != works_.end()) cancel(found);
    at_work_.store(works_.size());
  }
  void cancel_matching(const std::function<bool(std::string_view key, Tags)>& matches) {
    if (at_work_.load() == 0) return;
    const std::lock_guard lock(mutex_);
    for (auto next = works_.begin(); next != works_.end();) {
      const auto work = next++;
      if (matches(work->first, work->second->tags_)) cancel(work);
    }
    at_work_.store(works_.size());
  }

 private:
  using Works = std::map<std::string, std::shared_ptr<Work>, std::less<>>;

  void cancel(Works::iterator work) noexcept {
    work->second->cancelled_.store(true);
    works_.erase(work);
  }

  std::mutex mutex_;
  Works works_;
  std::atomic<std::size_t> at_work_{0};
};

}  // namespace cachesite::remembering
