#include "layers/base/outage_log.hpp"

#include "layers/base/outage.hpp"

#include <cachesite/detail/time_span.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace cachesite::layers {

namespace {

constexpr std::size_t batch_of_keys = 500;
constexpr std::size_t batches_a_second = 4;  // with a rate
constexpr std::chrono::seconds first_pause(1);
constexpr std::chrono::seconds longest_pause(60);

using Ticks = IClock::TimePoint::duration;

std::int64_t in_ticks(std::chrono::nanoseconds time) noexcept {
  return std::chrono::duration_cast<Ticks>(time).count();
}

// Up to half of it less, depending on the time, which is chance enough.
std::int64_t less_up_to_half(std::chrono::milliseconds delay, std::int64_t seed) noexcept {
  const auto whole = in_ticks(delay);
  const auto mixed = static_cast<std::uint64_t>(seed) * 0x9e37'79b9'7f4a'7c15U >> 11U;
  return whole < 2 ? whole : whole - static_cast<std::int64_t>(mixed % static_cast<std::uint64_t>(whole / 2));
}
// A cache that comes and goes all the time does not fill the log.
constexpr auto between_warnings = std::chrono::seconds(10);

// Whether a key cannot be removed at any time.
bool is_for_good(const Error& error) noexcept {
  switch (error.code()) {
    case ErrorCode::bad_argument:
    case ErrorCode::too_large:
    case ErrorCode::unsupported:
      return true;
    case ErrorCode::refused:
      return error.message().starts_with("NOPERM");
    default:
      return false;
  }
}

bool may_be_done(const Result<bool>& removed) noexcept {
  return removed.ok() || removed.error().outcome() == Outcome::unknown;
}

}  // namespace

KeyRemoval::KeyRemoval(OwedRemovals::Part owed) : part(std::move(owed)) {
  keys.reserve(part.keys.size());
  for (const auto& each : part.keys)
    keys.push_back(each.first);
  results.assign(keys.size(), Result<bool>(false));
}

CacheRequest KeyRemoval::question() noexcept {
  CacheRequest request(CacheOperation::remove_many);
  request.keys = keys;
  request.results = std::span<Result<bool>>(results);
  return request;
}

OutageLog::OutageLog(ICache& first, ICache* second, const Settings& settings, const ComponentContext& context)
    : first_(first),
      second_(second),
      settings_{TimeSpan(settings.retry_after).milliseconds(),
                settings.remembered_keys,
                settings.always_tries,
                settings.topic,
                settings.name,
                settings.remembered_bytes,
                settings.delay,
                settings.rate,
                settings.keys_back_off,
                settings.on_removed,
                settings.on_forgotten},
      label_(context.label),
      logger_(context.logger),
      clock_(context.clock) {}

// --- the first cache

bool OutageLog::may_use_first_as_it_is() {
  return state() != State::down || settings_.always_tries || is_time();
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
    const auto now = ticks();
    wait_until(settings_.delay.count() == 0 ? 0 : now + less_up_to_half(settings_.delay, now));
    warned = std::exchange(warned_, false);
  }
  if (!warned) return;
  const std::array attributes{LogAttribute{"component", label_}};
  logger_->write(LogLevel::info, settings_.topic, std::string(settings_.name) + " works again", attributes);
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
  logger_->write(LogLevel::warning, settings_.topic, std::string(settings_.name) + " fails", attributes);
}

void OutageLog::delay_next_try() {
  const auto next = clock_->now() + settings_.retry_after;
  next_try_.store(next.time_since_epoch().count(), std::memory_order_relaxed);
}

// --- what is owed

OwedRemovals::Part OutageLog::owed_of(std::span<const std::string_view> keys) const {
  const std::lock_guard lock(mutex_);
  return owed_.of(keys);
}

Status OutageLog::settle(std::span<const std::string_view> keys) {
  const auto part = owed_of(keys);
  return part.empty() ? Status(Done{}) : judge_settling(remove_keys(part));
}

Status OutageLog::judge_settling(const Status& removed) {
  if (removed.ok()) return removed;
  if (is_outage(removed)) {
    note_failure(removed.error());
    return removed;
  }
  return Error(ErrorCode::unreachable, "keys that changed during an outage cannot be removed: " +
                                           std::string(removed.error().message()));
}

std::optional<OutageLog::Turn> OutageLog::take_turn() {
  if (state() != State::returning || settings_.always_tries) return std::nullopt;
  if (ticks() < next_try_.load(std::memory_order_relaxed)) return std::nullopt;
  const auto process = basics::process_number();
  auto helper = helper_.load();
  if (helper == process || !helper_.compare_exchange_strong(helper, process)) return std::nullopt;
  return Turn(helper_);
}

void OutageLog::help() {
  const auto turn = take_turn();
  if (turn) (void)remove_some(ticks(), most_keys_at_once());
}

std::size_t OutageLog::most_keys_at_once() const noexcept {
  if (settings_.rate == 0) return batch_of_keys;
  return std::clamp<std::size_t>(settings_.rate / batches_a_second, 1, batch_of_keys);
}

OwedRemovals::Part OutageLog::next_part(OwedRemovals::Ticks now, std::size_t most_keys) {
  OwedRemovals::Part part;
  {
    const std::lock_guard lock(mutex_);
    if (state() != State::returning) return part;
    part = owed_.next(most_keys, now);
    if (owed_.empty()) state_.store(State::up, std::memory_order_release);
    if (part.empty()) {
      if (!owed_.empty()) wait_until(owed_.next_due());
      return part;
    }
  }
  if (settings_.rate != 0)
    wait_until(ticks() + in_ticks(std::chrono::nanoseconds(std::chrono::seconds(part.keys.size())) /
                                  static_cast<std::int64_t>(settings_.rate)));
  return part;
}

// A failure that is no outage may concern this removal alone: it is tried again after a pause.
bool OutageLog::end_part(const OwedRemovals::Part& part, const Status& removed) {
  if (removed.ok()) return true;
  if (is_outage(removed))
    note_failure(removed.error());
  else if (part.keys.empty() || !settings_.keys_back_off)
    delay_next_try();
  return false;
}

bool OutageLog::remove_some(OwedRemovals::Ticks now, std::size_t most_keys) {
  const auto part = next_part(now, most_keys);
  if (part.empty()) return false;
  return end_part(part,
                  guarded_call<Done>([&] { return part.keys.empty() ? remove(part) : remove_keys(part); }));
}

void OutageLog::finish(std::chrono::milliseconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (state() == State::returning && std::chrono::steady_clock::now() < end)
    if (!remove_some(OwedRemovals::never, batch_of_keys)) return;
}

Status OutageLog::remove(const OwedRemovals::Part& part) {
  if (part.clear) return take_from_first(part, first_.clear());
  const auto count = first_.remove_matching(part.pattern->first);
  return take_from_first(part, count.ok() ? Status(Done{}) : Status(count.error()));
}

Status OutageLog::take_from_first(const OwedRemovals::Part& part, const Status& removed) {
  const bool never = !removed.ok() && removed.error().code() == ErrorCode::unsupported;
  if (!never) tell(part);
  if (removed.ok())
    settled(part);
  else if (never)
    give_up(part);
  else
    return removed;
  return Done{};
}

Status OutageLog::remove_keys(const OwedRemovals::Part& part) {
  KeyRemoval removal(part);
  first_.remove_many(removal.keys, std::span<Result<bool>>(removal.results));
  take_from_first(removal);
  if (second_ != nullptr && !removal.keys.empty())
    second_->remove_many(removal.keys, std::span<Result<bool>>(removal.results));
  return end(removal);
}

// Each key on its own: one that cannot be removed keeps no other waiting.
void OutageLog::take_from_first(KeyRemoval& removal) const {
  const auto& part = removal.part;
  const auto removed = std::move(removal.results);
  if (std::any_of(removed.begin(), removed.end(), may_be_done)) tell(part);
  removal.keys.clear();
  for (std::size_t index = 0; index < removed.size(); ++index) {
    if (removed[index].ok()) {
      removal.done.keys.push_back(part.keys[index]);
      removal.keys.push_back(part.keys[index].first);
    } else if (is_for_good(removed[index].error())) {
      removal.hopeless.keys.push_back(part.keys[index]);
    } else {
      removal.failed.keys.push_back(part.keys[index]);
      if (removal.failure.ok()) removal.failure = removed[index].error();
    }
  }
  removal.results.assign(removal.keys.size(), Result<bool>(false));
}

Status OutageLog::end(const KeyRemoval& removal) {
  settled(removal.done);
  if (!removal.hopeless.keys.empty()) give_up(removal.hopeless);
  if (settings_.keys_back_off && !is_outage(removal.failure)) back_off(removal.failed);
  return removal.failure;
}

void OutageLog::back_off(const OwedRemovals::Part& part) {
  const auto now = ticks();
  const std::lock_guard lock(mutex_);
  for (const auto& owed : part.keys)
    owed_.back_off(owed.first, [now](std::uint32_t failures) {
      const auto doubled = first_pause * (std::int64_t{1} << std::min(failures - 1, 6U));
      return now + in_ticks(std::min(doubled, longest_pause));
    });
}

// Others may have stored a key meanwhile, and keep copies of it.
void OutageLog::tell(const OwedRemovals::Part& part) const {
  if (removed_) removed_(part);
}

void OutageLog::settled(const OwedRemovals::Part& part) {
  repaired_.fetch_add(part.keys.size(), std::memory_order_relaxed);
  drop(part);
  if (settings_.on_removed && !part.keys.empty()) settings_.on_removed(part.keys.size(), 0);
}

// The first cache cannot remove this at any time. Were it owed for ever, no entry that it concerns could
// stay.
void OutageLog::give_up(const OwedRemovals::Part& part) {
  const auto count = std::max<std::size_t>(part.keys.size(), 1);
  forgotten_.fetch_add(count, std::memory_order_relaxed);
  const bool first = given_up_.fetch_add(count, std::memory_order_relaxed) == 0;
  drop(part);
  if (first) {
    const std::array attributes{LogAttribute{"component", label_}};
    logger_->write(LogLevel::warning, settings_.topic,
                   std::string(settings_.name) + " cannot remove what changed during an outage, at any time",
                   attributes);
  }
  if (settings_.on_removed) settings_.on_removed(0, count);
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
  if (!owed_.add_key(key, settings_.remembered_keys, settings_.remembered_bytes)) note_forgotten();
  return true;
}

bool OutageLog::remember_pattern(std::string_view pattern, bool insist) {
  if (!remembers()) return true;
  const std::lock_guard lock(mutex_);
  if (!goes_elsewhere(insist)) return false;
  if (!owed_.add_pattern(pattern, settings_.remembered_keys)) note_forgotten();
  return true;
}

bool OutageLog::remember_clear(bool insist) {
  if (!remembers()) return true;
  const std::lock_guard lock(mutex_);
  if (!goes_elsewhere(insist)) return false;
  owed_.add_clear();
  return true;
}

bool OutageLog::confirm_key(std::string_view key) {
  if (!remembers()) return true;
  const std::lock_guard lock(mutex_);
  if (owed_.renew_key(key)) return true;
  if (state() != State::down) return false;
  (void)owed_.add_key(key, settings_.remembered_keys, settings_.remembered_bytes);
  return true;
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
