#include "mutex/lease_keeper.hpp"

#include "basics/background_thread.hpp"
#include "basics/guarded_log.hpp"
#include "mutex/lock_line.hpp"

#include <cachesite/guarded_call.hpp>

#include <algorithm>
#include <utility>

namespace cachesite::mutexes {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds longest_call{2000};
// First and between two attempts to give back.
constexpr milliseconds first_clean_up{50};
constexpr milliseconds next_clean_up{200};

// A third of the lease after the last renewal; soon again when that has passed.
TimePoint next_turn(const Tenure& tenure, TimePoint now) {
  if (tenure.lasting != Tenure::Lasting::while_renewed) return tenure.end();
  const auto expire = std::chrono::duration_cast<SteadyTime::duration>(tenure.claim.expire);
  return std::min(tenure.end(), std::max(tenure.end() - expire * 2 / 3, now + expire / 20));
}

bool is_renewable(const Tenure& tenure, TimePoint now) {
  return tenure.state.load() == Tenure::State::held && tenure.lasting == Tenure::Lasting::while_renewed &&
         now < tenure.end();
}

}  // namespace

LeaseKeeper::LeaseKeeper(Backend& backend, std::string label, std::shared_ptr<ILogger> logger,
                         std::shared_ptr<const IClock> clock)
    : backend_(backend), label_(std::move(label)), logger_(std::move(logger)), clock_(std::move(clock)) {}

LeaseKeeper::~LeaseKeeper() {
  stop();
}

void LeaseKeeper::prepare(Tenure& tenure) {
  if (tenure.lasting == Tenure::Lasting::for_ever) return;
  Duties one;
  one.emplace(TimePoint(), nullptr);
  tenure.place = one.extract(one.begin());
  const std::lock_guard lock(mutex_);
  if (stopping_ || worker_.joinable()) return;
  try {
    worker_ = basics::background_thread([this] { work(); });
  } catch (const std::system_error& failure) {
    throw std::system_error(failure.code(), label_ + ": no thread can be had that looks after the lease");
  }
}

void LeaseKeeper::watch(const std::shared_ptr<Tenure>& tenure) noexcept {
  if (tenure->lasting == Tenure::Lasting::for_ever) return;
  {
    const std::lock_guard lock(mutex_);
    tenure->task = Tenure::Task::watch;
    if (!stopping_) return enter(tenure, next_turn(*tenure, clock_->now()));
  }
  lose(*tenure, "the site is stopped");
}

void LeaseKeeper::clean_up(const std::shared_ptr<Tenure>& tenure, TimePoint end) noexcept {
  if (tenure->lasting == Tenure::Lasting::for_ever) return;
  const std::lock_guard lock(mutex_);
  if (stopping_) return;
  tenure->task = Tenure::Task::clean_up;
  tenure->clean_until = end;
  enter(tenure, clock_->now() + first_clean_up);
}

void LeaseKeeper::forget(Tenure& tenure) noexcept {
  const std::lock_guard lock(mutex_);
  tenure.task = Tenure::Task::none;
  leave(tenure);
}

// The lock is held. A tenure without its place is being attended to: it is put back by its task then.
void LeaseKeeper::enter(const std::shared_ptr<Tenure>& tenure, TimePoint due) noexcept {
  leave(*tenure);
  if (tenure->place.empty()) return;
  tenure->due = due;
  tenure->place.key() = due;
  tenure->place.mapped() = tenure;
  duties_.insert(std::move(tenure->place));
  if (due < wakes_) changed_.notify_all();
}

// The lock is held.
void LeaseKeeper::leave(Tenure& tenure) noexcept {
  const auto [first, last] = duties_.equal_range(tenure.due);
  const auto found =
      std::find_if(first, last, [&](const auto& duty) { return duty.second.get() == &tenure; });
  if (found == last) return;
  tenure.place = duties_.extract(found);
  tenure.place.mapped() = nullptr;
}

void LeaseKeeper::lose(Tenure& tenure, const char* reason) noexcept {
  if (!tenure.change(Tenure::State::lost)) return;
  tenure.line->vacate(tenure);
  tenure.lost.request_stop();
  basics::log_guarded(*logger_, LogLevel::warning, "mutex",
                      [&] { return label_ + ": lost mutex \"" + tenure.claim.name + "\": " + reason; });
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
  Duties duties;
  {
    const std::lock_guard lock(mutex_);
    duties.swap(duties_);
  }
  for (const auto& [due, tenure] : duties)
    lose(*tenure, "the site is stopped");
}

void LeaseKeeper::work() noexcept {
  Lock lock(mutex_);
  while (!stopping_) {
    if (!duties_.empty() && duties_.begin()->first <= clock_->now()) {
      lock.unlock();
      attend();
      lock.lock();
    } else {
      sleep(lock);
    }
  }
}

void LeaseKeeper::sleep(Lock& lock) {
  if (duties_.empty()) {
    wakes_ = TimePoint::max();
    changed_.wait(lock);
  } else {
    wakes_ = duties_.begin()->first;
    changed_.wait_for(lock, wakes_ - clock_->now());
  }
  wakes_ = TimePoint::min();  // awake: nobody needs to call
}

void LeaseKeeper::attend() noexcept {
  const std::lock_guard turn(turn_);
  Duties duties = take_due();
  (void)guarded_call<Done>([&] {
    renew(duties);
    return Done{};
  });
  for (const auto& [due, tenure] : duties) {
    if (tenure->state.load() != Tenure::State::held)
      clean(*tenure);
    else if (clock_->now() >= tenure->end())
      lose(*tenure, tenure->lasting == Tenure::Lasting::while_renewed ? "it could not be renewed in time"
                                                                      : "its time is up");
  }
  put_back(std::move(duties));
}

Duties LeaseKeeper::take_due() noexcept {
  Duties due;
  const std::lock_guard lock(mutex_);
  const auto now = clock_->now();
  while (!duties_.empty() && duties_.begin()->first <= now)
    due.insert(duties_.extract(duties_.begin()));
  return due;
}

void LeaseKeeper::put_back(Duties duties) noexcept {
  std::shared_ptr<Tenure> tenure;  // the last one goes without the lock
  const std::lock_guard lock(mutex_);
  const auto now = clock_->now();
  while (!duties.empty()) {
    auto place = duties.extract(duties.begin());
    tenure = std::move(place.mapped());
    tenure->place = std::move(place);
    if (tenure->task == Tenure::Task::clean_up)
      enter(tenure, now + next_clean_up);
    else if (tenure->task == Tenure::Task::watch && tenure->state.load() == Tenure::State::held)
      enter(tenure, next_turn(*tenure, now));
  }
}

// A tenure that is not renewed here, for whatever reason, has its turn again soon.
void LeaseKeeper::renew(const Duties& duties) {
  std::vector<Claim> claims;
  std::vector<Tenure*> tenures;
  const auto sent = clock_->now();
  auto limit = longest_call;
  for (const auto& [due, tenure] : duties) {
    if (!is_renewable(*tenure, sent)) continue;
    claims.push_back(tenure->claim);
    tenures.push_back(tenure.get());
    limit = std::min(limit, std::chrono::duration_cast<milliseconds>(tenure->end() - sent) / 2);
  }
  if (claims.empty()) return;
  const auto answers = backend_.renew(claims, std::max(limit, milliseconds(5)));
  for (std::size_t index = 0; index < std::min(tenures.size(), answers.size()); ++index) {
    if (!answers[index].ok()) continue;
    if (answers[index].value())
      tenures[index]->extend_from(sent);
    else
      lose(*tenures[index], "it was taken away");
  }
}

void LeaseKeeper::clean(Tenure& tenure) noexcept {
  {
    const std::lock_guard lock(mutex_);
    if (tenure.task != Tenure::Task::clean_up) return;
  }
  const auto released = guarded_call<bool>([&] {
    auto answer = backend_.release(tenure.claim, longest_call);
    if (answer.ok() && tenure.has_waited) backend_.give_up(tenure.claim, longest_call);
    return answer;
  });
  const std::lock_guard lock(mutex_);
  if (released.ok() || clock_->now() >= tenure.clean_until) tenure.task = Tenure::Task::none;
}

}  // namespace cachesite::mutexes
