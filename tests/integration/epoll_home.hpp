#pragma once

#include "redis/channel/channel.hpp"
#include "support/file_descriptor.hpp"

#include <array>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace cachesite::test {

/// An event loop for one channel: a thread around epoll, which watches the connection by its edges.
class EpollHome final : public redis::ChannelHome {
 public:
  using Task = std::function<void()>;

  EpollHome() : epoll_(::epoll_create1(EPOLL_CLOEXEC)), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    add(wake_.get(), EPOLLIN);
    thread_ = std::thread([this] { run(); });
  }
  ~EpollHome() { stop(); }
  EpollHome(const EpollHome&) = delete;
  EpollHome& operator=(const EpollHome&) = delete;

  /// Runs a task on the thread of the loop.
  void post(Task task) {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    wake();
  }
  void stop() {
    if (!thread_.joinable()) return;
    post([this] { stopped_ = true; });
    thread_.join();
  }

  void deliver(redis::Waiter* ended) noexcept override {
    post([ended] { tell(ended); });
  }
  void wanted(redis::Channel& channel) noexcept override {
    const std::lock_guard lock(mutex_);
    wanted_ = &channel;
    wake();
  }
  bool watch(redis::Channel& channel, int descriptor) noexcept override {
    watched_ = &channel;
    return add(descriptor, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
  }

 private:
  bool add(int descriptor, std::uint32_t events) noexcept {
    epoll_event event{};
    event.events = events;
    event.data.fd = descriptor;
    return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &event) == 0;
  }
  void wake() noexcept {
    if (std::this_thread::get_id() == thread_.get_id()) return;  // it looks before it waits
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
  }
  static void tell(redis::Waiter* ended) noexcept {
    while (ended != nullptr) {
      redis::Waiter& waiter = *std::exchange(ended, ended->next);
      waiter.ended(waiter, redis::SteadyTime::now());
    }
  }

  void run() {
    while (!stopped_) {
      std::array<epoll_event, 8> events{};
      const int count =
          ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), has_work() ? 0 : 100);
      for (int index = 0; index < count; ++index) {
        if (events[static_cast<std::size_t>(index)].data.fd != wake_.get()) {
          tell(watched_->attend(redis::Look::ready, redis::SteadyTime::now()).ended);
          continue;
        }
        std::uint64_t number = 0;
        [[maybe_unused]] const auto size = ::read(wake_.get(), &number, sizeof number);
      }
      run_tasks();
      if (redis::Channel* const channel = take_wanted())
        tell(channel->attend(redis::Look::wanted, redis::SteadyTime::now()).ended);
    }
  }
  bool has_work() {
    const std::lock_guard lock(mutex_);
    return wanted_ != nullptr || !tasks_.empty();
  }
  void run_tasks() {
    std::vector<Task> tasks;
    {
      const std::lock_guard lock(mutex_);
      tasks.swap(tasks_);
    }
    for (const auto& task : tasks)
      task();
  }
  redis::Channel* take_wanted() {
    const std::lock_guard lock(mutex_);
    return std::exchange(wanted_, nullptr);
  }

  FileDescriptor epoll_;
  FileDescriptor wake_;
  std::mutex mutex_;
  std::vector<Task> tasks_;
  redis::Channel* wanted_ = nullptr;
  redis::Channel* watched_ = nullptr;  // of the loop's thread
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace cachesite::test
