#include "event_loop/poller.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <system_error>

#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

namespace cachesite::event_loop {

namespace {

basics::FileDescriptor checked(int descriptor, const char* what) {
  if (descriptor < 0) throw std::system_error(errno, std::generic_category(), what);
  return basics::FileDescriptor(descriptor);
}

bool add_to(int set, int descriptor, std::uint32_t events, void* owner) noexcept {
  epoll_event event{};
  event.events = events;
  event.data.ptr = owner;
  return ::epoll_ctl(set, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

void drain(int descriptor) noexcept {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto got = ::read(descriptor, &count, sizeof count);
}

}  // namespace

Poller::Poller()
    : set_(checked(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      wake_(checked(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")),
      timer_(checked(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), "timerfd_create")) {
  if (!add_to(set_.get(), wake_.get(), EPOLLIN, &wake_) ||
      !add_to(set_.get(), timer_.get(), EPOLLIN, &timer_))
    throw std::system_error(errno, std::generic_category(), "epoll_ctl");
}

Poller::Found Poller::wait(int milliseconds) noexcept {
  const int count = ::epoll_wait(set_.get(), events_.data(), static_cast<int>(events_.size()), milliseconds);
  const auto end = events_.begin() + std::max(count, 0);
  Found found;
  const auto others = std::remove_if(events_.begin(), end, [&](const epoll_event& event) {
    if (event.data.ptr != &wake_ && event.data.ptr != &timer_) return false;
    const bool wake = event.data.ptr == &wake_;
    drain((wake ? wake_ : timer_).get());
    (wake ? found.woken : found.timed) = true;
    return true;
  });
  found.events = {events_.begin(), others};
  found.more = end == events_.end();
  return found;
}

void Poller::wake() noexcept {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
}

void Poller::set_timer(std::chrono::nanoseconds from_now) noexcept {
  using namespace std::chrono;
  // 0 would stop it.
  const auto length = std::clamp<nanoseconds>(from_now, nanoseconds(1), hours(24 * 365));
  itimerspec time{};
  time.it_value.tv_sec = duration_cast<seconds>(length).count();
  time.it_value.tv_nsec = (length % seconds(1)).count();
  ::timerfd_settime(timer_.get(), 0, &time, nullptr);
}

bool Poller::add(int descriptor, void* owner) noexcept {
  return add_to(set_.get(), descriptor, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, owner);
}

void Poller::remove(int descriptor) noexcept {
  ::epoll_ctl(set_.get(), EPOLL_CTL_DEL, descriptor, nullptr);
}

}  // namespace cachesite::event_loop
