#include "layers/outage_log.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace cachesite::layers {

namespace {

constexpr std::size_t repair_batch = 1000;
// A cache that comes and goes all the time does not fill the log.
constexpr auto between_warnings = std::chrono::seconds(10);

}  // namespace

OutageLog::OutageLog(ICache& first, ICache* second, const Settings& settings, const ComponentContext& context)
    : first_(first),
      second_(second),
      settings_(settings),
      label_(context.label),
      logger_(context.logger),
      clock_(context.clock) {}

bool OutageLog::remembers() const noexcept {
  return !settings_.always_tries;
}

bool OutageLog::may_use_first() {
  if (!down() || settings_.always_tries) return true;
  const auto now = clock_->now().time_since_epoch().count();
  auto next = next_try_.load(std::memory_order_relaxed);
  if (now < next) return false;
  const auto pause = std::chrono::duration_cast<IClock::TimePoint::duration>(settings_.retry_after).count();
  if (pause > 0 && !next_try_.compare_exchange_strong(next, now + pause, std::memory_order_relaxed))
    return false;
  return repair();
}

// True when nothing is left in the first cache that it should not have.
bool OutageLog::repair() {
  const std::unique_lock turn(repair_, std::try_to_lock);
  if (!turn.owns_lock()) return false;
  bool worked = false;
  while (true) {
    Changes changes;
    {
      const std::lock_guard lock(mutex_);
      std::swap(changes, changes_);
      repairing_ = !changes.empty();
    }
    if (changes.empty()) {
      if (!worked || come_back()) return true;
      continue;
    }
    const auto undone = guarded_call<Done>([&] { return undo(changes); });
    {
      const std::lock_guard lock(mutex_);
      repairing_ = false;
      if (!undone.ok()) {
        changes_.cleared = changes_.cleared || changes.cleared;
        changes_.keys.merge(changes.keys);
        changes_.patterns.insert(changes_.patterns.end(), changes.patterns.begin(), changes.patterns.end());
      }
    }
    if (!undone.ok()) {
      note_failure(undone.error());
      return false;
    }
    repaired_.fetch_add(changes.keys.size(), std::memory_order_relaxed);
    worked = true;
  }
}

Status OutageLog::undo(const Changes& changes) {
  if (changes.cleared)
    if (auto cleared = first_.clear(); !cleared.ok()) return cleared;
  for (const auto& pattern : changes.patterns)
    if (const auto removed = first_.remove_matching(pattern); !removed.ok()) return removed.error();
  const std::vector<std::string_view> keys(changes.keys.begin(), changes.keys.end());
  for (std::size_t at = 0; at < keys.size(); at += repair_batch) {
    const auto batch =
        std::span<const std::string_view>(keys).subspan(at, std::min(repair_batch, keys.size() - at));
    for (const auto& removed : first_.remove_many(batch))
      if (!removed.ok()) return removed.error();
    if (second_ != nullptr) (void)second_->remove_many(batch);
  }
  return Done{};
}

// False while there is something that has to be undone.
bool OutageLog::come_back() {
  bool warned = false;
  {
    const std::lock_guard lock(mutex_);
    if (repairing_ || !changes_.empty()) return false;
    if (!down_.load(std::memory_order_relaxed)) return true;
    down_.store(false, std::memory_order_release);
    warned = std::exchange(warned_, false);
  }
  if (warned) {
    const std::array attributes{LogAttribute{"component", label_}};
    logger_->write(LogLevel::info, "failover", "the first cache works again", attributes);
  }
  return true;
}

void OutageLog::note_success() {
  if (!down()) return;
  if (!come_back()) next_try_.store(0, std::memory_order_relaxed);  // the next call removes what came late
}

void OutageLog::note_failure(const Error& error) {
  errors_.fetch_add(1, std::memory_order_relaxed);
  delay_next_try();
  bool warn = false;
  {
    const std::lock_guard lock(mutex_);
    last_error_ = error;
    if (!down_.load(std::memory_order_relaxed)) {
      down_.store(true, std::memory_order_release);
      outages_.fetch_add(1, std::memory_order_relaxed);
    }
    const auto now = clock_->now();
    if (!warned_ && (!last_warning_ || now - *last_warning_ >= between_warnings)) {
      warn = warned_ = true;
      last_warning_ = now;
    }
  }
  if (!warn) return;
  const std::array attributes{LogAttribute{"component", label_},
                              LogAttribute{"code", to_string(error.code())},
                              LogAttribute{"reason", error.message()}};
  logger_->write(LogLevel::warning, "failover", "the first cache fails", attributes);
}

void OutageLog::delay_next_try() {
  const auto next = clock_->now() + settings_.retry_after;
  next_try_.store(next.time_since_epoch().count(), std::memory_order_relaxed);
}

// Called with the lock held.
bool OutageLog::take_as_down(bool insist) {
  if (down_.load(std::memory_order_relaxed)) return true;
  if (!insist) return false;
  down_.store(true, std::memory_order_release);
  next_try_.store(0, std::memory_order_relaxed);
  return true;
}

void OutageLog::confirm_key(std::string_view key) {
  if (!remembers()) return;
  const std::lock_guard lock(mutex_);
  if (changes_.size() >= settings_.remembered_keys) return;
  if (changes_.keys.emplace(key).second) take_as_down(true);
}

bool OutageLog::remember_key(std::string_view key, bool insist) {
  if (!remembers()) return true;
  const std::lock_guard lock(mutex_);
  if (!take_as_down(insist)) return false;
  if (changes_.size() < settings_.remembered_keys)
    changes_.keys.emplace(key);
  else if (changes_.keys.find(std::string(key)) == changes_.keys.end())
    forgotten_.fetch_add(1, std::memory_order_relaxed);
  return true;
}

bool OutageLog::remember_pattern(std::string_view pattern, bool insist) {
  if (!remembers()) return true;
  const std::lock_guard lock(mutex_);
  if (!take_as_down(insist)) return false;
  auto& patterns = changes_.patterns;
  if (std::find(patterns.begin(), patterns.end(), pattern) != patterns.end()) return true;
  if (changes_.size() < settings_.remembered_keys)
    patterns.emplace_back(pattern);
  else
    forgotten_.fetch_add(1, std::memory_order_relaxed);
  return true;
}

bool OutageLog::remember_clear(bool insist) {
  if (!remembers()) return true;
  const std::lock_guard lock(mutex_);
  if (!take_as_down(insist)) return false;
  changes_.cleared = true;
  return true;
}

Error OutageLog::last_error() const {
  const std::lock_guard lock(mutex_);
  return last_error_ ? *last_error_ : Error(ErrorCode::unreachable);
}

void OutageLog::add_to(FailoverStatistics& statistics) const {
  statistics.down = down();
  statistics.outages = outages_.load(std::memory_order_relaxed);
  statistics.outage_errors = errors_.load(std::memory_order_relaxed);
  statistics.repaired_keys = repaired_.load(std::memory_order_relaxed);
  statistics.forgotten_keys = forgotten_.load(std::memory_order_relaxed);
  const std::lock_guard lock(mutex_);
  statistics.keys_to_repair = changes_.size();
}

}  // namespace cachesite::layers
