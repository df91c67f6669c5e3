#include "mutex/lock_line.hpp"

#include <algorithm>
#include <utility>

namespace cachesite::mutexes {

LockLine::Place::Place(LockLine& line, MutexMode mode) : line_(line), mode_(mode) {
  const std::lock_guard lock(line_.mutex_);
  position_ = line_.waiting_.insert(line_.waiting_.end(), this);
}

LockLine::Place::~Place() {
  if (!in_line_) return;
  const std::lock_guard lock(line_.mutex_);
  line_.waiting_.erase(position_);
  line_.call_next();
}

bool LockLine::Place::wait_for_turn(std::optional<std::chrono::nanoseconds> limit,
                                    const std::stop_token& stop) {
  std::unique_lock lock(line_.mutex_);
  const auto admitted = [this] { return line_.admits(*this); };
  if (admitted()) return true;
  if (!limit) return turn_.wait(lock, stop, admitted);
  return turn_.wait_for(lock, stop, *limit, admitted);
}

void LockLine::Place::become(std::shared_ptr<Tenure> tenure) noexcept {
  holding_.front() = std::move(tenure);
  const std::lock_guard lock(line_.mutex_);
  line_.tenures_.splice(line_.tenures_.end(), holding_);
  line_.waiting_.erase(position_);
  in_line_ = false;
  line_.call_next();
}

bool LockLine::admits(const Place& place) const noexcept {
  if (waiting_.front() != &place) return false;
  if (place.mode_ == MutexMode::exclusive) return tenures_.empty();
  return std::all_of(tenures_.begin(), tenures_.end(),
                     [](const auto& tenure) { return tenure->claim.mode == MutexMode::shared; });
}

void LockLine::call_next() noexcept {
  if (!waiting_.empty() && admits(*waiting_.front())) waiting_.front()->turn_.notify_one();
}

std::shared_ptr<Tenure> LockLine::take_again() noexcept {
  const std::lock_guard lock(mutex_);
  for (const auto& tenure : tenures_)
    if (tenure->claim.mode == MutexMode::exclusive && tenure->thread == std::this_thread::get_id() &&
        tenure->held()) {
      ++tenure->depth;
      return tenure;
    }
  return nullptr;
}

bool LockLine::give_back_once(Tenure& tenure) noexcept {
  const std::lock_guard lock(mutex_);
  return --tenure.depth == 0;
}

void LockLine::vacate(const Tenure& tenure) noexcept {
  std::list<std::shared_ptr<Tenure>> vacated;  // goes without the lock
  const std::lock_guard lock(mutex_);
  const auto found =
      std::find_if(tenures_.begin(), tenures_.end(), [&](const auto& held) { return held.get() == &tenure; });
  if (found != tenures_.end()) vacated.splice(vacated.end(), tenures_, found);
  call_next();
}

std::vector<std::shared_ptr<Tenure>> LockLine::tenures() const {
  const std::lock_guard lock(mutex_);
  return {tenures_.begin(), tenures_.end()};
}

}  // namespace cachesite::mutexes
