#include "mutex/lease_keeper.hpp"

#include "basics/background_thread.hpp"
#include "basics/guarded_log.hpp"
#include "mutex/lock_line.hpp"

#include <cachesite/detail/guarded_call.hpp>

#include <algorithm>
#include <utility>

namespace cachesite::mutex {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds longest_call{2000};
// First and between two attempts to give back.
constexpr milliseconds first_clean_up{50};
constexpr milliseconds next_clean_up{200};

// A third of the lease after the last renewal; soon again when that has passed.
TimePoint next_turn(const HeldLock& held_lock, TimePoint now) {
  if (held_lock.lasting != HeldLock::Lasting::while_renewed) return held_lock.end();
  const auto expire = std::chrono::duration_cast<SteadyTime::duration>(held_lock.claim.expire);
  return std::min(held_lock.end(), std::max(held_lock.end() - expire * 2 / 3, now + expire / 20));
}

bool is_renewable(const HeldLock& held_lock, TimePoint now) {
  return held_lock.state.load() == HeldLock::State::held &&
         held_lock.lasting == HeldLock::Lasting::while_renewed && now < held_lock.end();
}

}  // namespace

LeaseKeeper::LeaseKeeper(Backend& backend, std::string label, std::shared_ptr<ILogger> logger,
                         std::shared_ptr<const IClock> clock)
    : backend_(backend), label_(std::move(label)), logger_(std::move(logger)), clock_(std::move(clock)) {}

LeaseKeeper::~LeaseKeeper() {
  stop();
}

void LeaseKeeper::prepare(HeldLock& held_lock) {
  if (held_lock.lasting == HeldLock::Lasting::for_ever) return;
  Schedule one;
  one.emplace(TimePoint(), nullptr);
  held_lock.place = one.extract(one.begin());
  const std::lock_guard lock(mutex_);
  if (stopping_ || worker_.joinable()) return;
  try {
    worker_ = basics::background_thread([this] { work(); });
  } catch (const std::system_error& failure) {
    throw std::system_error(failure.code(), label_ + ": no thread could be started to renew the lease");
  }
}

void LeaseKeeper::watch(const std::shared_ptr<HeldLock>& held_lock) noexcept {
  if (held_lock->lasting == HeldLock::Lasting::for_ever) return;
  {
    const std::lock_guard lock(mutex_);
    held_lock->task = HeldLock::Task::watch;
    if (!stopping_) return enter(held_lock, next_turn(*held_lock, clock_->now()));
  }
  lose(*held_lock, "the site is stopped");
}

void LeaseKeeper::clean_up(const std::shared_ptr<HeldLock>& held_lock, TimePoint end) noexcept {
  if (held_lock->lasting == HeldLock::Lasting::for_ever) return;
  const std::lock_guard lock(mutex_);
  if (stopping_) return;
  held_lock->task = HeldLock::Task::clean_up;
  held_lock->clean_until = end;
  enter(held_lock, clock_->now() + first_clean_up);
}

void LeaseKeeper::forget(HeldLock& held_lock) noexcept {
  const std::lock_guard lock(mutex_);
  held_lock.task = HeldLock::Task::none;
  leave(held_lock);
}

// The lock is held. A held lock without its place is being attended to: it is put back by its task then.
void LeaseKeeper::enter(const std::shared_ptr<HeldLock>& held_lock, TimePoint due) noexcept {
  leave(*held_lock);
  if (held_lock->place.empty()) return;
  held_lock->due = due;
  held_lock->place.key() = due;
  held_lock->place.mapped() = held_lock;
  schedule_.insert(std::move(held_lock->place));
  if (due < wakes_) changed_.notify_all();
}

// The lock is held.
void LeaseKeeper::leave(HeldLock& held_lock) noexcept {
  const auto [first, last] = schedule_.equal_range(held_lock.due);
  const auto found =
      std::find_if(first, last, [&](const auto& entry) { return entry.second.get() == &held_lock; });
  if (found == last) return;
  held_lock.place = schedule_.extract(found);
  held_lock.place.mapped() = nullptr;
}

void LeaseKeeper::lose(HeldLock& held_lock, const char* reason) noexcept {
  if (!held_lock.change(HeldLock::State::lost)) return;
  held_lock.line->vacate(held_lock);
  held_lock.lost.request_stop();
  basics::log_guarded(*logger_, LogLevel::warning, "mutex",
                      [&] { return label_ + ": lost mutex \"" + held_lock.claim.name + "\": " + reason; });
}

void LeaseKeeper::stop() noexcept {
  basics::Thread worker;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
    worker = std::move(worker_);
  }
  if (worker.joinable()) worker.join();
  Schedule schedule;
  {
    const std::lock_guard lock(mutex_);
    schedule.swap(schedule_);
  }
  for (const auto& [due, held_lock] : schedule)
    lose(*held_lock, "the site is stopped");
}

void LeaseKeeper::work() noexcept {
  Lock lock(mutex_);
  while (!stopping_) {
    if (!schedule_.empty() && schedule_.begin()->first <= clock_->now()) {
      lock.unlock();
      attend();
      lock.lock();
    } else {
      sleep(lock);
    }
  }
}

void LeaseKeeper::sleep(Lock& lock) {
  if (schedule_.empty()) {
    wakes_ = TimePoint::max();
    changed_.wait(lock);
  } else {
    wakes_ = schedule_.begin()->first;
    changed_.wait_for(lock, wakes_ - clock_->now());
  }
  wakes_ = TimePoint::min();  // awake: nobody needs to call
}

void LeaseKeeper::attend() noexcept {
  const std::lock_guard turn(turn_);
  Schedule schedule = take_due();
  (void)guarded_call<Done>([&] {
    renew(schedule);
    return Done{};
  });
  for (const auto& [due, held_lock] : schedule) {
    if (held_lock->state.load() != HeldLock::State::held)
      clean(*held_lock);
    else if (clock_->now() >= held_lock->end())
      lose_late(*held_lock);
  }
  put_back(std::move(schedule));
}

// A renewal that was not answered in time may have been made.
void LeaseKeeper::lose_late(HeldLock& held_lock) noexcept {
  lose(held_lock, held_lock.lasting == HeldLock::Lasting::while_renewed ? "it could not be renewed in time"
                                                                        : "its time is up");
  const std::lock_guard lock(mutex_);
  const auto end = held_lock.renewed_until();
  if (held_lock.state.load() != HeldLock::State::lost || clock_->now() >= end) return;
  held_lock.task = HeldLock::Task::clean_up;
  held_lock.clean_until = end;
}

Schedule LeaseKeeper::take_due() noexcept {
  Schedule due;
  const std::lock_guard lock(mutex_);
  const auto now = clock_->now();
  while (!schedule_.empty() && schedule_.begin()->first <= now)
    due.insert(schedule_.extract(schedule_.begin()));
  return due;
}

void LeaseKeeper::put_back(Schedule schedule) noexcept {
  std::shared_ptr<HeldLock> held_lock;  // the last one goes without the lock
  const std::lock_guard lock(mutex_);
  const auto now = clock_->now();
  while (!schedule.empty()) {
    auto place = schedule.extract(schedule.begin());
    held_lock = std::move(place.mapped());
    held_lock->place = std::move(place);
    if (held_lock->task == HeldLock::Task::clean_up)
      enter(held_lock, now + next_clean_up);
    else if (held_lock->task == HeldLock::Task::watch && held_lock->state.load() == HeldLock::State::held)
      enter(held_lock, next_turn(*held_lock, now));
  }
}

// A held lock that is not renewed here, for whatever reason, has its turn again soon.
void LeaseKeeper::renew(const Schedule& schedule) {
  std::vector<Claim> claims;
  std::vector<HeldLock*> held_locks;
  const auto sent = clock_->now();
  auto limit = longest_call;
  for (const auto& [due, held_lock] : schedule) {
    if (!is_renewable(*held_lock, sent)) continue;
    claims.push_back(held_lock->claim);
    held_lock->note_renewal(sent + longest_call);
    held_locks.push_back(held_lock.get());
    limit = std::min(limit, std::chrono::duration_cast<milliseconds>(held_lock->end() - sent) / 2);
  }
  if (claims.empty()) return;
  const auto answers = backend_.renew(claims, std::max(limit, milliseconds(5)));
  for (std::size_t index = 0; index < std::min(held_locks.size(), answers.size()); ++index) {
    if (!answers[index].ok()) continue;
    if (answers[index].value())
      held_locks[index]->extend_from(sent);
    else
      lose(*held_locks[index], "it was taken away");
  }
}

void LeaseKeeper::clean(HeldLock& held_lock) noexcept {
  {
    const std::lock_guard lock(mutex_);
    if (held_lock.task != HeldLock::Task::clean_up) return;
  }
  const auto released = guarded_call<bool>([&] {
    auto answer = backend_.release(held_lock.claim, longest_call);
    if (answer.ok() && held_lock.has_waited) backend_.give_up(held_lock.claim, longest_call);
    return answer;
  });
  const std::lock_guard lock(mutex_);
  if (released.ok() || clock_->now() >= held_lock.clean_until) held_lock.task = HeldLock::Task::none;
}

}  // namespace cachesite::mutex
