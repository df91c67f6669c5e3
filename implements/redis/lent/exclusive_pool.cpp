#include "redis/lent/exclusive_pool.hpp"

#include "basics/background_thread.hpp"
#include "basics/inherited.hpp"

#include <algorithm>
#include <system_error>

namespace cachesite::redis {

namespace {

Error stopped_error() {
  return Error(ErrorCode::closed, "the connection is stopped");
}

}  // namespace

ExclusivePool::ExclusivePool(Options options) : options_(std::move(options)) {
  idle_.reserve(options_.most);
  lent_.reserve(options_.most);
}

ExclusivePool::~ExclusivePool() {
  stop();
}

Result<ExclusivePool::Lease> ExclusivePool::acquire(TimePoint deadline, const std::stop_token& stop) {
  if (fork_mark_.forked()) return basics::forked_error();
  Lock lock(mutex_);
  // Whoever leaves, for whatever reason, may be the one that was woken for the next place.
  struct CallNext {
    ExclusivePool& pool;
    Lock& lock;
    ~CallNext() {
      if (lock.owns_lock()) pool.wake_next();
    }
  } const call_next{*this, lock};
  bool in_line = false;
  for (;;) {
    if (stopped_) return stopped_error();
    if (stop.stop_requested()) return Error(ErrorCode::closed, "the call was stopped");
    if (waiters_.empty() || in_line) {
      if (!idle_.empty()) {
        auto connection = std::move(idle_.back().connection);
        idle_.pop_back();
        if (!connection->usable()) {
          --size_;
          lock.unlock();
          connection.reset();
          lock.lock();
          continue;
        }
        lent_.push_back(connection.get());
        return Lease(*this, std::move(connection), false);
      }
      if (size_ < options_.most) break;
    }
    if (SteadyTime::now() >= deadline)
      return Error(ErrorCode::timeout, "all " + std::to_string(options_.most) + " connections are in use");
    // First come, first served: only the first in line looks for a place.
    Waiter waiter;
    const auto place = waiters_.insert(in_line ? waiters_.begin() : waiters_.end(), &waiter);
    const auto turn = [&] {
      return stopped_ || (waiters_.front() == &waiter && (!idle_.empty() || size_ < options_.most));
    };
    waiter.wake.wait_until(lock, stop, deadline, turn);
    waiters_.erase(place);
    in_line = true;
  }
  ++size_;
  lock.unlock();
  return make(deadline, stop);
}

Result<ExclusivePool::Lease> ExclusivePool::make(TimePoint deadline, const std::stop_token& stop) {
  std::unique_ptr<ExclusiveConnection> made;
  try {
    made = std::make_unique<ExclusiveConnection>(options_.connector);
  } catch (...) {
    const Lock lock(mutex_);
    --size_;
    wake_next();
    throw;
  }
  ExclusiveConnection& connection = *made;
  Lock lock(mutex_);
  lent_.push_back(&connection);
  if (stopped_) connection.interrupt();
  wake_next();
  lock.unlock();
  Lease lease(*this, std::move(made), true);
  const std::stop_callback on_stop(stop, [&connection] { connection.interrupt(); });
  if (auto error = connection.open(deadline)) return *error;
  return Result<Lease>(std::move(lease));
}

void ExclusivePool::give_back(std::unique_ptr<ExclusiveConnection> connection) noexcept {
  if (fork_mark_.forked()) return;
  const bool usable = connection->usable();
  {
    const Lock lock(mutex_);
    lent_.erase(std::find(lent_.begin(), lent_.end(), connection.get()));
    if (usable && !stopped_) {
      idle_.push_back({std::move(connection), SteadyTime::now()});
      if (!keeping_house_) {
        if (housekeeper_.joinable()) housekeeper_.join();  // it has finished: leaving is all it still does
        try {
          housekeeper_ = basics::background_thread([this] { close_idle(); });
          keeping_house_ = true;
        } catch (const std::exception&) {  // no thread, or no memory for one
          connection = std::move(idle_.back().connection);
          idle_.pop_back();
        }
      }
    }
    if (connection) --size_;
    wake_next();
  }
}

void ExclusivePool::wake_next() noexcept {
  if (!waiters_.empty()) waiters_.front()->wake.notify_one();
}

void ExclusivePool::close_idle() {
  Lock lock(mutex_);
  while (!stopped_ && !idle_.empty()) {
    const auto due = idle_.front().since + options_.longest_idle;
    if (SteadyTime::now() < due) {
      housekeeping_.wait_until(lock, due);
      continue;
    }
    auto oldest = std::move(idle_.front());
    idle_.erase(idle_.begin());
    --size_;
    wake_next();
    lock.unlock();
    oldest.connection.reset();
    lock.lock();
  }
  keeping_house_ = false;
}

void ExclusivePool::stop() noexcept {
  if (fork_mark_.forked()) return;
  std::vector<Idle> idle;
  basics::Thread housekeeper;
  {
    const Lock lock(mutex_);
    stopped_ = true;
    for (auto* connection : lent_)
      connection->interrupt();
    size_ -= idle_.size();
    idle.swap(idle_);
    for (auto* waiter : waiters_)
      waiter->wake.notify_all();
    housekeeping_.notify_all();
    housekeeper = std::move(housekeeper_);
  }
  if (housekeeper.joinable()) housekeeper.join();
}

std::size_t ExclusivePool::size() const {
  if (fork_mark_.forked()) return 0;
  const Lock lock(mutex_);
  return size_;
}

std::size_t ExclusivePool::waiting() const {
  if (fork_mark_.forked()) return 0;
  const Lock lock(mutex_);
  return waiters_.size();
}

std::size_t ExclusivePool::idle() const {
  if (fork_mark_.forked()) return 0;
  const Lock lock(mutex_);
  return idle_.size();
}

}  // namespace cachesite::redis
