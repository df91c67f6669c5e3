#pragma once

#include "integration/redis_connection_fixture.hpp"

#include <cachesite/async_call.hpp>
#include <cachesite/event_loop.hpp>

#include <algorithm>
#include <atomic>
#include <coroutine>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include <boost/test/unit_test.hpp>

namespace cachesite::test {

using Answer = Result<RedisValue>;

inline RedisServer& server() {
  static RedisServer shared;
  return shared;
}

struct Connected {
  Connected() { server().probe().flush(); }
  std::shared_ptr<RedisConnection> redis = connect(connection_options(server().port()));
};

/// A connection through a proxy with faults.
struct Faulty {
  explicit Faulty(const std::function<void(RedisConnection::Options&)>& change = [](auto&) {}) {
    auto options = connection_options(proxy.port());
    change(options);
    redis = connect(options);
  }
  RedisServer server;
  ChaosProxy proxy{server.port()};
  std::shared_ptr<RedisConnection> redis;
};

/// A loop that the thread of the test runs, so that coroutines are destroyed where they are resumed.
struct OwnLoop {
  OwnLoop() {
    EventLoop::Options options;
    options.threads = 0;
    loop = std::make_shared<EventLoop>(options);
  }
  void serve(RedisConnection::Options& options) const {
    options.event_loop = std::shared_ptr<IEventLoop>(loop);
  }
  template <class Condition>
  bool run_until(Condition&& condition) const {
    return wait_until([&] {
      loop->run_ready();
      return condition();
    });
  }
  std::shared_ptr<EventLoop> loop;
};

/// Collects the answers of many calls.
class Answers {
 public:
  explicit Answers(std::size_t expected) : expected_(expected) {}
  auto taker() {
    return [this](Answer answer) {
      {
        const std::lock_guard lock(mutex_);
        answers_.push_back(std::move(answer));
        times_.push_back(std::chrono::steady_clock::now());
      }
      ++count_;
    };
  }
  bool complete(std::chrono::milliseconds limit = 20s) {
    return wait_until([this] { return count_ == expected_; }, limit);
  }
  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] const std::deque<Answer>& all() const { return answers_; }
  [[nodiscard]] std::size_t with(ErrorCode code) const {
    return static_cast<std::size_t>(
        std::count_if(answers_.begin(), answers_.end(),
                      [&](const Answer& answer) { return !answer.ok() && answer.error().code() == code; }));
  }

 private:
  const std::size_t expected_;
  std::mutex mutex_;
  std::deque<Answer> answers_;
  std::deque<std::chrono::steady_clock::time_point> times_;
  std::atomic<std::size_t> count_{0};
};

/// A coroutine that belongs to whoever made it.
class Routine {
 public:
  struct promise_type {
    Routine get_return_object() { return Routine(std::coroutine_handle<promise_type>::from_promise(*this)); }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
  Routine(Routine&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Routine& operator=(Routine&&) = delete;
  ~Routine() {
    if (handle_) handle_.destroy();
  }

 private:
  explicit Routine(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_;
};

}  // namespace cachesite::test
