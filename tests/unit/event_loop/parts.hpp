#pragma once

#include "event_loop/reactor.hpp"

#include <cachesite/component_context.hpp>
#include <cachesite/event_loop.hpp>
#include <cachesite/executor.hpp>

#include <atomic>
#include <coroutine>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace cachesite::test {

/// Work, a timer and a watch that call a function.
struct WorkOf final : Work {
  explicit WorkOf(std::function<void()> function) : does(std::move(function)) {}
  void run() noexcept override { does(); }
  std::function<void()> does;
};
struct TimerOf final : event_loop::Timer {
  explicit TimerOf(std::function<void()> function) : does(std::move(function)) {}
  void expire() noexcept override { does(); }
  std::function<void()> does;
};
struct WatchOf final : event_loop::Watch {
  explicit WatchOf(std::function<void(std::uint32_t)> function) : does(std::move(function)) {}
  void ready(std::uint32_t events) noexcept override { does(events); }
  std::function<void(std::uint32_t)> does;
};

/// A coroutine that begins at once and belongs to whoever made it.
class Routine {
 public:
  struct promise_type {
    // Says so when it is suspended for good: another thread may destroy it then.
    struct End {
      [[nodiscard]] bool await_ready() const noexcept { return false; }
      void await_suspend(std::coroutine_handle<promise_type> routine) const noexcept {
        routine.promise().done.store(true);
      }
      void await_resume() const noexcept {}
    };
    Routine get_return_object() { return Routine(std::coroutine_handle<promise_type>::from_promise(*this)); }
    std::suspend_never initial_suspend() noexcept { return {}; }
    End final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }

    std::atomic<bool> done{false};
  };

  Routine(Routine&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Routine& operator=(Routine&&) = delete;
  ~Routine() {
    if (handle_) handle_.destroy();
  }
  /// From any thread.
  [[nodiscard]] bool done() const noexcept { return handle_.promise().done.load(); }

 private:
  explicit Routine(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_;
};

inline event_loop::IReactor& reactor_of(IEventLoop& loop) {
  return *find_interface<event_loop::IReactor>(loop);
}

inline ComponentContext context_with(std::shared_ptr<const IClock> clock) {
  ComponentContext context;
  context.clock = std::move(clock);
  return context;
}

/// Two sockets that are connected to each other.
class Sockets {
 public:
  Sockets() { (void)::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends_); }
  ~Sockets() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  Sockets(const Sockets&) = delete;
  Sockets& operator=(const Sockets&) = delete;

  [[nodiscard]] int near() const { return ends_[0]; }
  /// False when there is no room.
  bool far_writes() const { return ::write(ends_[1], "x", 1) == 1; }
  /// Bytes that were there.
  [[nodiscard]] int read_all() const {
    char bytes[256];
    int count = 0;
    for (ssize_t got; (got = ::read(ends_[0], bytes, sizeof bytes)) > 0;)
      count += static_cast<int>(got);
    return count;
  }

 private:
  int ends_[2] = {-1, -1};
};

/// Waits for what a piece of work does last: nothing is touched afterwards, as by a notification.
inline void await(const std::atomic<bool>& flag) {
  while (!flag)
    std::this_thread::yield();
}

inline bool readable(int descriptor, int milliseconds = 0) {
  pollfd poll{descriptor, POLLIN, 0};
  return ::poll(&poll, 1, milliseconds) == 1;
}

}  // namespace cachesite::test
