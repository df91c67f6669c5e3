#pragma once

#include <cachesite/cache.hpp>
#include <cachesite/component_context.hpp>
#include <cachesite/failover_statistics.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace cachesite::layers {

// Whether a cache fails, when it may be tried again, and what has to be removed from it before it is used.
class OutageLog {
 public:
  struct Settings {
    std::chrono::milliseconds retry_after;
    std::size_t remembered_keys;
    bool always_tries;  // nothing stands in for the cache: every call tries it, and nothing is remembered
  };

  OutageLog(ICache& first, ICache* second, const Settings& settings, const ComponentContext& context);

  // Whether this call is for the first cache. May remove from it what it should not have any more.
  bool may_use_first();
  void note_success();
  void note_failure(const Error& error);

  // Before a change is made elsewhere. False when the first cache works again: then it should be made there.
  // With `insist` it is remembered all the same, and undone before the first cache is used again.
  bool remember_key(std::string_view key, bool insist);
  bool remember_pattern(std::string_view pattern, bool insist);
  bool remember_clear(bool insist);
  // After a change was made elsewhere: remembers it again when what was remembered has been undone meanwhile,
  // and with it the change itself perhaps not.
  void confirm_key(std::string_view key);

  [[nodiscard]] Error last_error() const;
  [[nodiscard]] bool down() const noexcept { return down_.load(std::memory_order_acquire); }
  void add_to(FailoverStatistics& statistics) const;

 private:
  struct Changes {
    bool cleared = false;
    std::vector<std::string> patterns;
    std::unordered_set<std::string> keys;
    [[nodiscard]] bool empty() const noexcept { return !cleared && patterns.empty() && keys.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return patterns.size() + keys.size(); }
  };

  bool repair();
  Status undo(const Changes& changes);
  bool come_back();
  bool take_as_down(bool insist);
  void delay_next_try();
  [[nodiscard]] bool remembers() const noexcept;

  ICache& first_;
  ICache* const second_;
  const Settings settings_;
  const std::string label_;
  const std::shared_ptr<ILogger> logger_;
  const std::shared_ptr<const IClock> clock_;

  std::atomic<bool> down_{false};
  std::atomic<std::int64_t> next_try_{0};
  std::atomic<std::uint64_t> outages_{0}, errors_{0}, repaired_{0}, forgotten_{0};

  std::mutex repair_;
  mutable std::mutex mutex_;
  Changes changes_;
  std::optional<Error> last_error_;
  std::optional<IClock::TimePoint> last_warning_;
  bool warned_ = false;
  bool repairing_ = false;
};

}  // namespace cachesite::layers
