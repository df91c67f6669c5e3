#pragma once

#include "basics/back_off.hpp"
#include "basics/condition.hpp"
#include "basics/thread.hpp"
#include "redis/base/deadline.hpp"
#include "redis/transport/connector.hpp"
#include "redis/transport/exclusive_connection.hpp"

#include <cachesite/logger.hpp>
#include <cachesite/redis.hpp>

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace cachesite::redis {

/// One subscription with its connection and its thread. Shared by the user's handle and by the component
/// that stops it. In a forked child it is never active.
class Subscription : public std::enable_shared_from_this<Subscription> {
 public:
  struct Options {
    ConnectorOptions connector;
    basics::BackOff::Pause first_pause = std::chrono::milliseconds(50);
    basics::BackOff::Pause longest_pause = std::chrono::seconds(1);
    /// Silence after which a sign of life is asked for, and the time that it may take.
    std::chrono::milliseconds patience{5000};
    std::string label;
    std::string place;
    std::shared_ptr<ILogger> logger;
  };

  Subscription(Options options, RedisSubscriber subscriber);
  ~Subscription();
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;

  void start();
  void stop() noexcept;
  [[nodiscard]] bool active() const noexcept;
  bool wait_until_active(TimeSpan limit) noexcept;

 private:
  void work() noexcept;
  Error listen(ExclusiveConnection& connection);
  std::optional<Error> subscribe(ExclusiveConnection& connection);
  std::optional<Error> await_message(ExclusiveConnection& connection, Reply& reply);
  std::optional<Error> take(const Reply& reply);
  void set_active(bool active);
  void lost(const Error& reason) noexcept;
  template <class Text>
  void log(LogLevel level, Text&& text) const noexcept;
  template <class Function, class... Arguments>
  void tell(const Function& function, const Arguments&... arguments) const;
  [[nodiscard]] bool stopping() const;

  const Options options_;
  const RedisSubscriber subscriber_;
  const basics::ForkMark fork_mark_;
  mutable std::mutex mutex_;
  basics::Condition changed_;
  std::shared_ptr<ExclusiveConnection> connection_;
  bool stopping_ = false;
  bool active_ = false;
  basics::Thread worker_;

  // Of the worker.
  std::optional<Error> loss_;
  TimePoint lost_since_{};
};

}  // namespace cachesite::redis
