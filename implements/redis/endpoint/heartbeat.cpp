#include "redis/endpoint/heartbeat.hpp"

#include "basics/background_thread.hpp"

#include <exception>
#include <utility>

namespace cachesite::redis {

Heartbeat::Heartbeat(std::chrono::milliseconds interval, std::function<void()> beat)
    : interval_(interval), beat_(std::move(beat)) {}

Heartbeat::~Heartbeat() {
  stop();
}

void Heartbeat::start() {
  if (fork_mark_.forked()) return;
  const std::lock_guard lock(mutex_);
  if (interval_.count() == 0 || stopped_ || worker_.joinable()) return;
  try {
    worker_ = basics::background_thread([this] { work(); });
  } catch (const std::exception&) {
    // No thread, or no memory for one: the next start tries again.
  }
}

void Heartbeat::stop() noexcept {
  if (fork_mark_.forked()) return;
  basics::Thread worker;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
    worker = std::move(worker_);
  }
  if (worker.joinable()) worker.join();
}

void Heartbeat::work() {
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, interval_, [&] { return stopped_; })) {
    lock.unlock();
    beat_();
    lock.lock();
  }
}

}  // namespace cachesite::redis
