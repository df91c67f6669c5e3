#include "mutex/lease_keeper.hpp"

#include "mutex/lock_line.hpp"
#include "redis/background_thread.hpp"

#include <algorithm>
#include <utility>

namespace cachesite::mutexes {

namespace {

using std::chrono::milliseconds;

TimePoint next_renewal(const Tenure& tenure, TimePoint sent) {
  if (tenure.lasting != Tenure::Lasting::while_renewed) return tenure.end();
  return std::min(tenure.end(),
                  sent + std::chrono::duration_cast<SteadyTime::duration>(tenure.claim.expire) / 3);
}

}  // namespace

LeaseKeeper::LeaseKeeper(Backend& backend, std::string label, std::shared_ptr<ILogger> logger)
    : backend_(backend), label_(std::move(label)), logger_(std::move(logger)) {}

LeaseKeeper::~LeaseKeeper() {
  stop();
}

void LeaseKeeper::watch(const std::shared_ptr<Tenure>& tenure) {
  if (tenure->lasting == Tenure::Lasting::for_ever) return;
  add(next_renewal(*tenure, SteadyTime::now()), {tenure, {}, {}});
}

void LeaseKeeper::clean_up(Claim claim, TimePoint end) {
  add(SteadyTime::now() + milliseconds(50), {nullptr, std::move(claim), end});
}

void LeaseKeeper::add(TimePoint due, Duty duty) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return;
  if (duty.tenure) duty.tenure->due = due;
  duties_.emplace(due, std::move(duty));
  if (!worker_.joinable()) worker_ = redis::background_thread([this] { work(); });
  if (due < wakes_) changed_.notify_all();
}

void LeaseKeeper::forget(const Tenure& tenure) {
  if (tenure.lasting == Tenure::Lasting::for_ever) return;
  std::shared_ptr<Tenure> forgotten;  // goes without the lock
  const std::lock_guard lock(mutex_);
  const auto [first, last] = duties_.equal_range(tenure.due);
  const auto found =
      std::find_if(first, last, [&](const auto& entry) { return entry.second.tenure.get() == &tenure; });
  if (found == last) return;
  forgotten = std::move(found->second.tenure);
  duties_.erase(found);
}

void LeaseKeeper::lose(Tenure& tenure, const char* reason) {
  if (!tenure.change(Tenure::State::lost)) return;
  tenure.line->vacate(tenure);
  logger_->log(LogLevel::warning, "mutex", label_ + ": lost mutex \"" + tenure.claim.name + "\": " + reason);
  tenure.lost.request_stop();
}

void LeaseKeeper::stop() noexcept {
  std::thread worker;
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
  for (const auto& [due, duty] : duties)
    if (duty.tenure) lose(*duty.tenure, "the site is stopped");
}

void LeaseKeeper::work() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    auto duties = due_duties(lock);
    if (duties.empty()) continue;
    lock.unlock();
    attend(std::move(duties));
    lock.lock();
  }
}

std::vector<LeaseKeeper::Duty> LeaseKeeper::due_duties(std::unique_lock<std::mutex>& lock) {
  std::vector<Duty> due;
  const auto now = SteadyTime::now();
  const auto end = duties_.upper_bound(now);
  for (auto entry = duties_.begin(); entry != end; ++entry)
    due.push_back(std::move(entry->second));
  duties_.erase(duties_.begin(), end);
  if (!due.empty()) return due;
  if (duties_.empty()) {
    wakes_ = TimePoint::max();
    changed_.wait(lock);
  } else {
    wakes_ = duties_.begin()->first;
    changed_.wait_until(lock, wakes_);
  }
  wakes_ = TimePoint::min();  // awake: nobody needs to call
  return due;
}

void LeaseKeeper::attend(std::vector<Duty> duties) {
  std::vector<std::shared_ptr<Tenure>> renewable;
  const auto now = SteadyTime::now();
  for (auto& duty : duties) {
    if (!duty.tenure)
      clean(std::move(duty));
    else if (now >= duty.tenure->end())
      lose(*duty.tenure, duty.tenure->lasting == Tenure::Lasting::while_renewed
                             ? "it could not be renewed in time"
                             : "its time is up");
    else if (duty.tenure->lasting != Tenure::Lasting::while_renewed)
      watch_again(duty.tenure, duty.tenure->end());
    else if (duty.tenure->state.load() == Tenure::State::held)
      renewable.push_back(std::move(duty.tenure));
  }
  if (!renewable.empty()) renew(renewable);
}

void LeaseKeeper::renew(const std::vector<std::shared_ptr<Tenure>>& tenures) {
  std::vector<Claim> claims;
  claims.reserve(tenures.size());
  const auto sent = SteadyTime::now();
  auto limit = milliseconds(2000);
  for (const auto& tenure : tenures) {
    claims.push_back(tenure->claim);
    limit = std::min(limit, std::chrono::duration_cast<milliseconds>(tenure->end() - sent) / 2);
  }
  const auto answers = backend_.renew(claims, std::max(limit, milliseconds(5)));
  for (std::size_t index = 0; index < tenures.size(); ++index) {
    const auto& tenure = tenures[index];
    if (index < answers.size() && answers[index].ok()) {
      if (!answers[index].value()) {
        lose(*tenure, "it was taken away");
        continue;
      }
      tenure->extend_from(sent);
    }
    const bool renewed = index < answers.size() && answers[index].ok();
    const auto due = renewed ? next_renewal(*tenure, sent)
                             : std::min(tenure->end(), SteadyTime::now() + tenure->claim.expire / 20);
    watch_again(tenure, due);
  }
}

void LeaseKeeper::watch_again(const std::shared_ptr<Tenure>& tenure, TimePoint due) {
  const std::lock_guard lock(mutex_);
  // Looked at under the lock: who releases changes the state first and makes us forget then.
  if (tenure->state.load() != Tenure::State::held) return;
  tenure->due = due;
  duties_.emplace(due, Duty{tenure, {}, {}});
}

void LeaseKeeper::clean(Duty duty) {
  if (backend_.release(duty.claim).ok() || SteadyTime::now() >= duty.end) return;
  add(SteadyTime::now() + milliseconds(200), std::move(duty));
}

}  // namespace cachesite::mutexes
