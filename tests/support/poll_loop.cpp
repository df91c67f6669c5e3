#include "support/poll_loop.hpp"

#include "support/support_thread.hpp"
#include "support/system_failure.hpp"

#include <algorithm>
#include <cstdint>

#include <sys/eventfd.h>

namespace cachesite::test {

void PollRound::watch(int descriptor, short events) {
  if (descriptor >= 0 && events != 0) entries_.push_back({descriptor, events, 0});
}

void PollRound::wake_at(TimePoint when) {
  wake_ = wake_ ? std::min(*wake_, when) : when;
}

short PollRound::events(int descriptor) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const pollfd& entry) { return entry.fd == descriptor; });
  return found == entries_.end() ? short{0} : found->revents;
}

PollLoop::PollLoop(const std::string& name, Step prepare, Step handle)
    : prepare_(std::move(prepare)),
      handle_(std::move(handle)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!wake_) throw system_failure("eventfd");
  thread_ = start_support_thread(name, [this] { run(); });
}

PollLoop::~PollLoop() {
  stop();
}

void PollLoop::stop() {
  if (!thread_.joinable()) return;
  post([this] { ending_ = true; });
  thread_.join();
}

void PollLoop::post(std::function<void()> task) {
  const std::lock_guard lock(mutex_);
  tasks_.push_back(std::move(task));
  const std::uint64_t one = 1;
  if (::write(wake_.get(), &one, sizeof one) < 0 && errno != EAGAIN) throw system_failure("wake the loop");
}

void PollLoop::run_tasks() {
  std::uint64_t count = 0;
  while (::read(wake_.get(), &count, sizeof count) > 0) {
  }
  std::unique_lock lock(mutex_);
  while (!tasks_.empty()) {
    const auto task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task();
    lock.lock();
  }
}

void PollLoop::run() {
  for (;;) {
    run_tasks();
    if (ending_) return;
    PollRound round;
    round.watch(wake_.get(), POLLIN);
    prepare_(round);
    int timeout = -1;
    if (round.wake_) {
      const auto left = *round.wake_ - std::chrono::steady_clock::now();
      const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(left).count();
      timeout = static_cast<int>(std::clamp<std::int64_t>(milliseconds, 0, 60'000));
    }
    if (::poll(round.entries_.data(), round.entries_.size(), timeout) < 0) continue;
    handle_(round);
  }
}

}  // namespace cachesite::test
