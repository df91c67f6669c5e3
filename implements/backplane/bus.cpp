#include "backplane/bus.hpp"

#include "basics/background_thread.hpp"
#include "basics/guarded_log.hpp"

#include <cachesite/detail/guarded_call.hpp>

#include <algorithm>
#include <thread>
#include <utility>

namespace cachesite::backplane {

namespace {

using std::chrono::milliseconds;

constexpr std::memory_order relaxed = std::memory_order_relaxed;
constexpr std::int64_t nanoseconds_per_millisecond = 1'000'000;
constexpr std::int64_t first_beats = 20 * nanoseconds_per_millisecond;
constexpr std::int64_t minute = 60'000 * nanoseconds_per_millisecond;

std::int64_t nanoseconds_of(milliseconds time) noexcept {
  return std::chrono::nanoseconds(time).count();
}

std::int64_t wall_clock() noexcept {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<milliseconds>(now).count();
}

}  // namespace

Bus::Bus(const Settings& settings, const ComponentContext& context, Send send)
    : settings_(settings),
      context_(context),
      send_(std::move(send)),
      judge_(settings.own, nanoseconds_of(settings.beat)),
      queue_(settings.most_waiting),
      pauses_(milliseconds(50), milliseconds(1'000), reinterpret_cast<std::uintptr_t>(this)) {}

Bus::~Bus() {
  stop();
  // Only on its own thread, which holds on to the owner until it ends.
  if (thread_.joinable()) thread_.detach();
}

Bus::Time Bus::now() const noexcept {
  return std::chrono::nanoseconds(context_.clock->now().time_since_epoch()).count();
}

// --- watchers

void Bus::add(IBackplaneListener& listener, milliseconds proof, std::shared_ptr<void> owner) {
  if (fork_mark_.forked()) return;
  start(std::move(owner));
  const std::lock_guard telling(telling_);
  {
    const std::lock_guard lock(mutex_);
    watchers_.push_back({&listener, nanoseconds_of(proof)});
  }
  listener.on_state(told_);
  if (told_.epoch != 0) listener.on_proven(told_as_of_);
  wake();
}

void Bus::remove(const IBackplaneListener& listener) noexcept {
  if (fork_mark_.forked()) return;
  const std::lock_guard asking(notice_mutex_);
  const std::lock_guard telling(telling_);
  const std::lock_guard lock(mutex_);
  std::erase_if(watchers_, [&](const Watcher& watcher) { return watcher.listener == &listener; });
}

// While telling. First what ends, so that nothing is served meanwhile.
void Bus::tell() noexcept {
  bool other = false;
  bool proven = false;
  {
    const std::lock_guard lock(mutex_);
    const auto state = judge_.state();
    other = state.epoch != told_.epoch || state.doubtful != told_.doubtful;
    proven = state.epoch != 0 && (judge_.as_of() != told_as_of_ || told_.epoch == 0);
    told_ = state;
    if (proven) told_as_of_ = judge_.as_of();
    if (other && state.epoch != 0 && !state.doubtful) problem_.clear();
  }
  for (const auto& watcher : watchers_) {
    if (proven) watcher.listener->on_proven(told_as_of_);
    if (other) watcher.listener->on_state(told_);
  }
  if (other) notice_due_.store(true);
}

// Without a lock: who is asked may ask for the reason, and what is said may take its time.
void Bus::give_notice() noexcept {
  if (!notice_due_.exchange(false)) return;
  std::vector<std::function<void()>> notices;
  (void)guarded_call<Done>([&]() -> Status {
    const std::lock_guard asking(notice_mutex_);
    std::vector<IBackplaneListener*> listeners;
    {
      const std::lock_guard lock(mutex_);
      for (const auto& watcher : watchers_)
        listeners.push_back(watcher.listener);
    }
    for (auto* const listener : listeners)
      if (auto notice = listener->take_notice()) notices.push_back(std::move(notice));
    return Done{};
  });
  for (const auto& notice : notices)
    notice();
}

// --- what is heard

void Bus::listening() noexcept {
  if (fork_mark_.forked()) return;
  {
    const std::lock_guard telling(telling_);
    {
      const std::lock_guard lock(mutex_);
      judge_.listening(now());
      hurry_ = first_beats;
    }
    tell();
    wake();
  }
  give_notice();
}

void Bus::lost(const Error& reason) noexcept {
  if (fork_mark_.forked()) return;
  {
    const std::lock_guard telling(telling_);
    {
      const std::lock_guard lock(mutex_);
      judge_.lost();
      hurry_ = 0;
    }
    tell();
    const std::lock_guard lock(mutex_);
    try {
      problem_ = "messages are missed: " + std::string(reason.message());
    } catch (...) {
      problem_.clear();
    }
  }
  give_notice();
}

void Bus::received(std::string_view bytes) noexcept {
  if (fork_mark_.forked()) return;
  if (take_message(bytes, now()))
    basics::log_guarded(*context_.logger, LogLevel::warning, "coherence", [&] {
      return context_.label + ": a message cannot be read; copies in memory are made anew";
    });
  give_notice();  // the last: this may be gone afterwards
}

// True when it is rubbish, and that has not been said for a minute.
bool Bus::take_message(std::string_view bytes, Time present) noexcept {
  const std::lock_guard telling(telling_);
  const auto read = guarded_call<bool>([&]() -> Result<bool> {
    if (!read_message(bytes, message_)) return false;
    judge(message_, present);
    return true;
  });
  if (read.ok() && read.value()) return false;
  {
    const std::lock_guard lock(mutex_);
    judge_.heard_rubbish();
  }
  tell();
  bad_.fetch_add(1, relaxed);
  if (rubbish_logged_at_ != 0 && present - rubbish_logged_at_ < minute) return false;
  rubbish_logged_at_ = present;
  return true;
}

void Bus::judge(const Message& message, Time present) {
  const auto wall = wall_clock();
  bool foreign = false;
  bool merged = true;
  {
    const std::lock_guard lock(mutex_);
    foreign = judge_.heard(message, present);
    if (foreign) merged = clock_.merge(message.sent, wall);
  }
  tell();
  if (!foreign) return;
  received_.fetch_add(1, relaxed);
  if (!merged) bad_.fetch_add(1, relaxed);
  const auto here = HybridClock::milliseconds(HybridClock::of(wall));
  const auto there = HybridClock::milliseconds(message.sent);
  if (here > there) lag_.fetch_add(here - there, relaxed);
  if (message.changes.empty()) return;
  for (const auto& watcher : watchers_)
    watcher.listener->on_changes(message.changes);
}

// --- what is told

void Bus::publish(std::span<const BackplaneChange> changes, const IBackplaneListener* origin) noexcept {
  if (fork_mark_.forked() || changes.empty()) return;
  const std::lock_guard lock(queue_mutex_);
  if (stopping_) return;
  const auto added = guarded_call<bool>([&]() -> Result<bool> {
    bool fits = true;
    for (const auto& change : changes)
      fits = change.key.size() <= Message::longest_key && queue_.add(change, origin) && fits;
    return fits;
  });
  if (!added.ok() || !added.value()) {
    queue_.become_clear(nullptr);
    overflows_.fetch_add(1, relaxed);
  }
  changed_.notify_one();
}

void Bus::wake() noexcept {
  const std::lock_guard lock(queue_mutex_);
  woken_ = true;
  changed_.notify_one();
}

void Bus::start(std::shared_ptr<void> owner) {
  const std::lock_guard lock(queue_mutex_);
  if (thread_.joinable() || stopping_) return;
  thread_ = basics::background_thread([this, owner = std::move(owner)] { work(); });
}

void Bus::stop() noexcept {
  if (fork_mark_.forked()) return;
  basics::Thread thread;
  {
    const std::lock_guard lock(queue_mutex_);
    stopping_ = true;
    if (thread_.get_id() != std::this_thread::get_id()) thread = std::move(thread_);
    changed_.notify_one();
  }
  if (thread.joinable()) thread.join();
  {
    const std::lock_guard telling(telling_);
    {
      const std::lock_guard lock(mutex_);
      judge_.lost();
    }
    tell();
  }
  give_notice();
}

void Bus::work() noexcept {
  for (;;) {
    const auto present = now();
    const bool looked = look(present);
    const auto sent =
        guarded_call<bool>([&]() -> Result<bool> { return take_next(present) && send_next(present); });
    if (!sent.ok()) forget_what_waits();
    if ((!sent.ok() || !sent.value()) && !wait(now(), looked)) break;
  }
  say_goodbye();
}

// Without memory for it.
void Bus::forget_what_waits() noexcept {
  overflows_.fetch_add(1, relaxed);
  const std::lock_guard lock(queue_mutex_);
  queue_.become_clear(nullptr);
}

// False while a watcher is busy: what there is to see is seen afterwards.
bool Bus::look(Time present) noexcept {
  {
    const std::unique_lock telling(telling_, std::try_to_lock);
    if (!telling) return false;
    (void)guarded_call<Done>([&]() -> Status {
      const std::lock_guard lock(mutex_);
      judge_.look(present);
      return Done{};
    });
    tell();
  }
  give_notice();
  return true;
}

// Whether something is to be sent now.
bool Bus::take_next(Time present) {
  if (outgoing_) return present >= retry_at_;
  if (is_stopping()) return false;
  if (has_changes())
    take_changes();
  else if (is_time_for_a_beat(present))
    take_sign(beat_action);
  return outgoing_.has_value();
}

bool Bus::is_stopping() const noexcept {
  const std::lock_guard lock(queue_mutex_);
  return stopping_;
}

bool Bus::has_changes() const noexcept {
  const std::lock_guard lock(queue_mutex_);
  return !queue_.empty();
}

bool Bus::is_time_for_a_beat(Time present) noexcept {
  const std::lock_guard lock(mutex_);
  const auto pause = beat_pause();
  if (present < sent_at_ + pause) return false;
  hurry_ = std::min(hurry_ * 2, pause * 2);
  return true;
}

void Bus::take_changes() {
  std::vector<ChangeQueue::Waiting> untold;
  MessageWriter writer;
  {
    const std::lock_guard lock(queue_mutex_);
    untold = queue_.take_untold();
    while (!queue_.empty() && writer.has_room_for(queue_.oldest())) {
      writer.add(queue_.oldest());
      (void)queue_.take();
    }
  }
  tell_neighbours(untold);
  finish(writer);
}

void Bus::finish(MessageWriter& writer) {
  const std::lock_guard lock(mutex_);
  outgoing_ = Outgoing{writer.finish(settings_.own, sequence_ + 1, clock_.next(wall_clock())), sequence_ + 1};
  ++sequence_;
}

// What waits for this message would be told late.
void Bus::tell_neighbours_of_all() {
  std::vector<ChangeQueue::Waiting> untold;
  {
    const std::lock_guard lock(queue_mutex_);
    untold = queue_.take_untold();
  }
  tell_neighbours(untold);
}

// Other watchers in this process: they do not hear the messages of their own source.
void Bus::tell_neighbours(const std::vector<ChangeQueue::Waiting>& changes) noexcept {
  {
    const std::lock_guard lock(mutex_);
    if (watchers_.size() < 2) return;
  }
  const std::lock_guard telling(telling_);
  for (const auto& watcher : watchers_)
    for (const auto& change : changes) {
      const auto view = change.view();
      if (change.origin != watcher.listener) watcher.listener->on_changes({&view, 1});
    }
}

void Bus::take_sign(std::uint8_t action) {
  MessageWriter writer;
  writer.add_sign(action);
  finish(writer);
}

// Whether it was sent.
bool Bus::send_next(Time present) {
  if (outgoing_->tries != 0) tell_neighbours_of_all();
  {
    const std::lock_guard lock(mutex_);
    judge_.sending(outgoing_->sequence, present);
  }
  const auto sent = send_(outgoing_->bytes);
  if (!sent.ok()) {
    failed(sent.error());
    return false;
  }
  if (outgoing_->tries != 0)
    basics::log_guarded(*context_.logger, LogLevel::info, "coherence",
                        [&] { return context_.label + ": other processes are told of changes again"; });
  published_.fetch_add(1, relaxed);
  outgoing_.reset();
  pauses_.reset();
  sent_at_ = present;
  return true;
}

void Bus::failed(const Error& error) noexcept {
  failures_.fetch_add(1, relaxed);
  const auto pause = std::chrono::nanoseconds(pauses_.next()).count();
  retry_at_ = now() + pause;
  if (++outgoing_->tries != 1) return;
  basics::log_guarded(*context_.logger, LogLevel::warning, "coherence", [&] {
    return context_.label +
           ": other processes cannot be told of changes; it is tried again: " + std::string(error.message());
  });
}

// With the lock. While an own message is waited for, beats come quickly at first.
Bus::Time Bus::beat_pause() const noexcept {
  auto pause = nanoseconds_of(settings_.beat);
  for (const auto& watcher : watchers_)
    pause = std::min(pause, watcher.proof);
  return told_.epoch != 0 || hurry_ == 0 ? pause : std::min(pause, hurry_);
}

// False when it is time to stop.
bool Bus::wait(Time present, bool looked) noexcept {
  Time until = 0;
  {
    const std::lock_guard lock(mutex_);
    until = outgoing_ ? retry_at_ : sent_at_ + beat_pause();
    if (looked) until = std::min(until, judge_.next_look());
  }
  std::unique_lock lock(queue_mutex_);
  const bool blocked = outgoing_.has_value();
  const auto pause = std::chrono::nanoseconds(std::max<Time>(until - present, 0));
  changed_.wait_for(lock, pause, [&] { return stopping_ || woken_ || (!blocked && !queue_.empty()); });
  woken_ = false;
  return !stopping_;
}

void Bus::say_goodbye() noexcept {
  (void)guarded_call<Done>([&]() -> Status {
    const auto deadline = now() + 500 * nanoseconds_per_millisecond;
    for (bool said = false; now() < deadline;) {
      const bool waiting = outgoing_ || has_changes();
      if (!waiting && std::exchange(said, true)) break;
      if (!outgoing_) waiting ? take_changes() : take_sign(bye_action);
      if (!send_next(now())) break;
    }
    return Done{};
  });
}

// --- reports

BackplaneStatistics Bus::statistics() const noexcept {
  BackplaneStatistics statistics;
  statistics.published = published_.load(relaxed);
  statistics.publish_failures = failures_.load(relaxed);
  statistics.overflows = overflows_.load(relaxed);
  statistics.received = received_.load(relaxed);
  statistics.bad_messages = bad_.load(relaxed);
  statistics.lag_milliseconds = lag_.load(relaxed);
  if (fork_mark_.forked()) return statistics;
  {
    const std::lock_guard lock(queue_mutex_);
    statistics.waiting = queue_.size();
  }
  const std::lock_guard lock(mutex_);
  statistics.sequence_gaps = judge_.gaps();
  statistics.sources = judge_.sources();
  statistics.silent_sources = judge_.silent_sources();
  return statistics;
}

std::string Bus::reason() const {
  if (fork_mark_.forked()) return "the process was forked";
  const std::lock_guard lock(mutex_);
  if (told_.epoch == 0) return problem_.empty() ? "no message of its own has been heard yet" : problem_;
  return told_.doubtful ? "a process that tells of its changes is silent" : std::string();
}

}  // namespace cachesite::backplane
