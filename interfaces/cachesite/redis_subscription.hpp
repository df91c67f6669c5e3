#pragma once

#include <cachesite/error.hpp>
#include <cachesite/time_span.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite {

/// A published message. The views are valid during the callback.
struct RedisMessage {
  std::string_view channel;
  /// The pattern that matched; empty for a channel subscribed by its name.
  std::string_view pattern;
  /// Any bytes.
  std::string_view payload;
};

/// A period in which messages were missed.
struct RedisGap {
  /// Why the connection was lost.
  Error reason;
  /// From the detected loss until the server confirmed every subscription again.
  std::chrono::milliseconds length;
};

/// What to subscribe to, and functions for the events. A thread of the subscription calls them one at a time,
/// in the order of events; each may be empty. They should return soon: the server disconnects a slow
/// subscriber, which then has a gap. Their exceptions are logged and ignored.
struct RedisSubscriber {
  /// Names of channels.
  std::vector<std::string> channels;
  /// Patterns of names, such as `news.*`.
  std::vector<std::string> patterns;

  std::function<void(const RedisMessage& message)> on_message;
  /// The connection was lost, or the first attempt to connect failed; it is being replaced.
  std::function<void(const Error& reason)> on_lost;
  /// Everything is subscribed again after a loss: messages of the gap never arrive. Called before any message
  /// of the new connection.
  std::function<void(const RedisGap& gap)> on_gap;
};

/// A subscription that repairs itself: it has its own connection, checks it while no messages arrive, and
/// after a loss connects and subscribes again, with growing pauses, until it is stopped. Safe from any
/// thread.
class IRedisSubscription {
 public:
  /// Stops.
  virtual ~IRedisSubscription() = default;

  /// Ends the subscription at once; no function of the subscriber is called afterwards. Called from one of
  /// these functions, it takes effect when that returns. Idempotent.
  virtual void stop() noexcept = 0;

  /// True while the server has confirmed every channel and pattern and the connection holds.
  [[nodiscard]] virtual bool active() const noexcept = 0;

  /// Waits until `active()`. False when `limit` passes first or the subscription is stopped.
  virtual bool wait_until_active(TimeSpan limit) noexcept = 0;
};

}  // namespace cachesite
