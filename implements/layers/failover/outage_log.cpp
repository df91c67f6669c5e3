#include "layers/failover/outage_log.hpp"

#include "layers/failover/outage.hpp"

#include <cachesite/time_span.hpp>

#include <array>
#include <span>
#include <utility>
#include <vector>

namespace cachesite::layers {

namespace {

constexpr std::size_t batch_of_keys = 500;
// A cache that comes and goes all the time does not fill the log.
constexpr auto between_warnings = std::chrono::seconds(10);

}  // namespace

OutageLog::OutageLog(ICache& first, ICache* second, const Settings& settings, const ComponentContext& context)
    : first_(first),
      second_(second),
      settings_{TimeSpan(settings.retry_after).milliseconds(), settings.remembered_keys,
                settings.always_tries},
      label_(context.label),
      logger_(context.logger),
      clock_(context.clock) {}

// --- the first cache

bool OutageLog::may_use_first() {
  if (state() == State::up || settings_.always_tries) return true;
  if (state() == State::returning) help();
  return state() != State::down || is_time();
}

// True for one caller each time that the pause is over.
bool OutageLog::is_time() {
  const auto now = clock_->now().time_since_epoch().count();
  auto next = next_try_.load(std::memory_order_relaxed);
  if (now < next) return false;
  const auto pause = std::chrono::duration_cast<IClock::TimePoint::duration>(settings_.retry_after).count();
  return pause == 0 || next_try_.compare_exchange_strong(next, now + pause, std::memory_order_relaxed);
}

void OutageLog::note_success() {
  if (state() != State::down) return;
  bool warned = false;
  {
    const std::lock_guard lock(mutex_);
    if (state() != State::down) return;
    state_.store(owed_.empty() ? State::up : State::returning, std::memory_order_release);
    next_try_.store(0, std::memory_order_relaxed);
    warned = std::exchange(warned_, false);
  }
  if (!warned) return;
  const std::array attributes{LogAttribute{"component", label_}};
  logger_->write(LogLevel::info, "failover", "the first cache works again", attributes);
}

void OutageLog::note_failure(const Error& error) {
  errors_.fetch_add(1, std::memory_order_relaxed);
  delay_next_try();
  bool warn = false;
  {
    const std::lock_guard lock(mutex_);
    last_error_ = error;
    if (state() != State::down) {
      state_.store(State::down, std::memory_order_release);
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

// --- what is owed

Status OutageLog::settle(std::span<const std::string_view> keys) {
  OwedRemovals::Part part;
  {
    const std::lock_guard lock(mutex_);
    part = owed_.of(keys);
  }
  if (part.empty()) return Done{};
  const auto removed = remove(part);
  if (removed.ok()) {
    settled(part);
    return removed;
  }
  if (is_outage(removed)) {
    note_failure(removed.error());
    return removed;
  }
  return Error(ErrorCode::unreachable, "keys that changed during an outage cannot be removed: " +
                                           std::string(removed.error().message()));
}

// A failure that is no outage may concern this removal alone: it is tried again after a pause.
void OutageLog::help() {
  if (clock_->now().time_since_epoch().count() < next_try_.load(std::memory_order_relaxed)) return;
  const auto process = basics::process_number();
  auto helper = helper_.load();
  if (helper == process || !helper_.compare_exchange_strong(helper, process)) return;
  struct Helping {
    std::atomic<std::uint32_t>& helper;
    ~Helping() { helper.store(0); }
  } const helping{helper_};
  OwedRemovals::Part part;
  {
    const std::lock_guard lock(mutex_);
    if (state() != State::returning) return;
    part = owed_.next(batch_of_keys);
    if (part.empty()) state_.store(State::up, std::memory_order_release);
  }
  if (part.empty()) return;
  const auto removed = guarded_call<Done>([&] { return remove(part); });
  if (removed.ok())
    settled(part);
  else if (is_outage(removed))
    note_failure(removed.error());
  else if (part.keys.empty() && removed.error().code() == ErrorCode::unsupported)
    give_up(part);
  else
    delay_next_try();
}

Status OutageLog::remove(const OwedRemovals::Part& part) {
  if (part.clear) return first_.clear();
  if (part.pattern) {
    const auto removed = first_.remove_matching(part.pattern->first);
    return removed.ok() ? Status(Done{}) : removed.error();
  }
  std::vector<std::string_view> keys;
  keys.reserve(part.keys.size());
  for (const auto& owed : part.keys)
    keys.push_back(owed.first);
  const std::span<const std::string_view> all(keys);
  for (const auto& removed : first_.remove_many(all))
    if (!removed.ok()) return removed.error();
  if (second_ != nullptr) (void)second_->remove_many(all);
  return Done{};
}

void OutageLog::settled(const OwedRemovals::Part& part) {
  repaired_.fetch_add(part.keys.size(), std::memory_order_relaxed);
  drop(part);
}

// The first cache cannot remove this at any time. Were it owed for ever, no entry that it concerns could
// stay.
void OutageLog::give_up(const OwedRemovals::Part& part) {
  forgotten_.fetch_add(1, std::memory_order_relaxed);
  drop(part);
}

void OutageLog::drop(const OwedRemovals::Part& part) {
  const std::lock_guard lock(mutex_);
  owed_.settle(part);
  if (state() == State::returning && owed_.empty()) state_.store(State::up, std::memory_order_release);
}

// Called with the lock held.
bool OutageLog::goes_elsewhere(bool insist) {
  if (state() == State::up && insist) state_.store(State::returning, std::memory_order_release);
  return state() == State::down || insist;
}

bool OutageLog::remember_key(std::string_view key, bool insist) {
  if (!remembers()) return true;
  const std::lock_guard lock(mutex_);
  if (!goes_elsewhere(insist)) return false;
  if (!owed_.add_key(key, settings_.remembered_keys)) forgotten_.fetch_add(1, std::memory_order_relaxed);
  return true;
}

bool OutageLog::remember_pattern(std::string_view pattern, bool insist) {
  if (!remembers()) return true;
  const std::lock_guard lock(mutex_);
  if (!goes_elsewhere(insist)) return false;
  if (!owed_.add_pattern(pattern, settings_.remembered_keys))
    forgotten_.fetch_add(1, std::memory_order_relaxed);
  return true;
}

bool OutageLog::remember_clear(bool insist) {
  if (!remembers()) return true;
  const std::lock_guard lock(mutex_);
  if (!goes_elsewhere(insist)) return false;
  owed_.add_clear();
  return true;
}

void OutageLog::confirm_key(std::string_view key) {
  if (!remembers()) return;
  {
    const std::lock_guard lock(mutex_);
    if (owed_.renew_key(key)) return;
    if (state() == State::down) {
      (void)owed_.add_key(key, settings_.remembered_keys);
      return;
    }
  }
  if (second_ != nullptr) (void)second_->remove(key);
}

bool OutageLog::owes(std::string_view key) const {
  if (state() == State::up) return false;
  const std::lock_guard lock(mutex_);
  return owed_.owes(key);
}

Error OutageLog::last_error() const {
  const std::lock_guard lock(mutex_);
  return last_error_ ? *last_error_ : Error(ErrorCode::unreachable);
}

void OutageLog::add_to(FailoverStatistics& statistics) const {
  statistics.down = state() == State::down;
  statistics.outages = outages_.load(std::memory_order_relaxed);
  statistics.outage_errors = errors_.load(std::memory_order_relaxed);
  statistics.repaired_keys = repaired_.load(std::memory_order_relaxed);
  statistics.forgotten_keys = forgotten_.load(std::memory_order_relaxed);
  const std::lock_guard lock(mutex_);
  statistics.keys_to_repair = owed_.size();
}

}  // namespace cachesite::layers
