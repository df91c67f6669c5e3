#include "mutex/lock_line.hpp"

#include <algorithm>

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

bool LockLine::Place::wait_for_turn(TimePoint deadline, const std::stop_token& stop) {
  std::unique_lock lock(line_.mutex_);
  const auto admitted = [this] { return line_.admits(*this); };
  if (admitted()) return true;
  if (deadline == TimePoint::max()) return turn_.wait(lock, stop, admitted);
  return turn_.wait_until(lock, stop, deadline, admitted);
}

void LockLine::Place::become(const std::shared_ptr<Tenure>& tenure) {
  const std::lock_guard lock(line_.mutex_);
  line_.tenures_.push_back(tenure);
  line_.waiting_.erase(position_);
  in_line_ = false;
  line_.call_next();
}

bool LockLine::admits(const Place& place) const {
  if (waiting_.front() != &place) return false;
  if (place.mode_ == MutexMode::exclusive) return tenures_.empty();
  return std::all_of(tenures_.begin(), tenures_.end(),
                     [](const auto& tenure) { return tenure->claim.mode == MutexMode::shared; });
}

void LockLine::call_next() {
  if (!waiting_.empty() && admits(*waiting_.front())) waiting_.front()->turn_.notify_one();
}

std::shared_ptr<Tenure> LockLine::take_again() {
  const std::lock_guard lock(mutex_);
  for (const auto& tenure : tenures_)
    if (tenure->claim.mode == MutexMode::exclusive && tenure->thread == std::this_thread::get_id() &&
        tenure->held()) {
      ++tenure->depth;
      return tenure;
    }
  return nullptr;
}

bool LockLine::give_back_once(Tenure& tenure) {
  const std::lock_guard lock(mutex_);
  return --tenure.depth == 0;
}

void LockLine::vacate(const Tenure& tenure) {
  const std::lock_guard lock(mutex_);
  std::erase_if(tenures_, [&](const auto& held) { return held.get() == &tenure; });
  call_next();
}

std::vector<std::shared_ptr<Tenure>> LockLine::tenures() const {
  const std::lock_guard lock(mutex_);
  return tenures_;
}

}  // namespace cachesite::mutexes
