#pragma once

#include <cachesite/bytes.hpp>
#include <cachesite/component.hpp>
#include <cachesite/detail/guarded_call.hpp>
#include <cachesite/detail/implementation_pointer.hpp>
#include <cachesite/detail/interruptible_sleep.hpp>
#include <cachesite/result.hpp>
#include <cachesite/time_span.hpp>
#include <cachesite/value.hpp>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

namespace cachesite {

/// For implementers of queues: what a queue has to be told about a message that it has handed out.
class IQueueDelivery {
 public:
  virtual ~IQueueDelivery() = default;
  virtual Status acknowledge() = 0;
  virtual Status reject(std::chrono::milliseconds delay) = 0;
  virtual Result<bool> keep() = 0;
};

/// A message that a consumer received. Move-only.
///
/// A queue that keeps its messages hands a message out again, to whichever consumer asks, unless it is
/// acknowledged: at once or after a while when it is rejected or destroyed, and at the latest when the
/// `redeliver_after` of the site has passed. So a message is processed at least once, and sometimes twice.
///
/// Thread safety: that of a standard container.
class QueueMessage {
 public:
  /// For implementers; `delivery` is null for a queue that does not care.
  QueueMessage(Value body, std::string id, std::uint64_t deliveries,
               std::unique_ptr<IQueueDelivery> delivery);
  QueueMessage(QueueMessage&& other) noexcept;
  QueueMessage& operator=(QueueMessage&& other) noexcept;
  /// One that is not settled comes again.
  ~QueueMessage();

  /// The bytes; valid as long as the message lives.
  [[nodiscard]] Bytes bytes() const noexcept { return body_.bytes(); }
  /// The same bytes as text. Nothing is checked: a message is any bytes.
  [[nodiscard]] std::string_view text() const noexcept { return body_.text(); }
  [[nodiscard]] std::size_t size() const noexcept { return body_.size(); }
  /// What the queue calls the message; the same at each delivery, and as `IQueueProducer::send` returned it
  /// unless the message was delayed. Empty for a queue that has no names for its messages.
  [[nodiscard]] const std::string& id() const noexcept { return id_; }
  /// How often the message was handed out, this time included; 1 for the first time.
  [[nodiscard]] std::uint64_t deliveries() const noexcept { return deliveries_; }

  /// The message is done with and never comes again. After a failure it may come again; the queue goes on
  /// trying to tell the server as long as the consumer lives.
  Status acknowledge() noexcept;
  /// The message could not be processed: it comes again, to any consumer, after `delay`, but not later than
  /// it would without. A delay below 0 is refused with `bad_argument`, and the message is not settled.
  Status reject(TimeSpan delay = {}) noexcept;
  /// Starts the time until the message comes again anew, for work that takes longer. False when the message
  /// has been handed out again already.
  Result<bool> keep() noexcept;
  /// True after `acknowledge` or `reject`.
  [[nodiscard]] bool settled() const noexcept { return settled_; }

 private:
  Value body_;
  std::string id_;
  std::uint64_t deliveries_;
  detail::ImplementationPointer<IQueueDelivery> delivery_;
  bool settled_ = false;
};

/// Puts messages into one queue. All calls are safe from any thread and never throw.
class IQueueProducer : public Interface<IQueueProducer, "IQueueProducer"> {
 public:
  static constexpr std::size_t largest_message = std::size_t{512} * 1024 * 1024;

  /// Name of the queue.
  [[nodiscard]] virtual const std::string& name() const noexcept = 0;

  /// Puts a message into the queue: any bytes, also none. True when the queue has it; false on any failure.
  /// With a `delay` the message is handed out that much later, by the clock of the queue.
  bool produce(ByteView message, TimeSpan delay = {}) noexcept { return send(message, delay).ok(); }

  /// As `produce`, and returns what the queue calls the message (empty when it has no names for them).
  /// Failures: `too_large`; `bad_argument` for a negative delay, and for any delay with a queue that keeps
  /// nothing; `refused` when the queue is full or its server says no; `closed` when the site is stopped;
  /// `timeout` and `unreachable` as the server is; `no_memory`. After a failure with `Outcome::unknown` the
  /// message may or may not be in the queue.
  Result<std::string> send(ByteView message, TimeSpan delay = {}) noexcept;

 protected:
  virtual Result<std::string> do_send(ByteView message, std::chrono::milliseconds delay) = 0;
};

/// Takes messages out of one queue. Each message goes to one of the consumers of the queue, unless the queue
/// is one that hands every message to everybody (publish and subscribe). All calls are safe from any thread;
/// threads that share a consumer share its messages. The end of a consumer, or of the last message that it
/// handed out, may tell a server what was not acknowledged, and take as long as a call of that connection.
class IQueueConsumer : public Interface<IQueueConsumer, "IQueueConsumer"> {
 public:
  /// Name of the queue.
  [[nodiscard]] virtual const std::string& name() const noexcept = 0;

  /// The next message; std::nullopt when none came within `wait`. Fails with `closed` when `stop` is
  /// requested or the site is stopped, and with whatever the backend fails with; a later call may succeed
  /// again, nothing has to be done for it.
  Result<std::optional<QueueMessage>> receive(TimeSpan wait, const std::stop_token& stop = {}) noexcept;

  /// Calls `handle(QueueMessage&)` for each message, one at a time, until `stop` is requested or the site is
  /// stopped. A message is acknowledged when `handle` returns, unless it was settled by then. When `handle`
  /// throws, the message is rejected and comes again after a pause that grows with each delivery. A failing
  /// backend does not end the loop: it goes on, with pauses from 50 ms to 2 s. `on_failure`, if given, is
  /// told about either.
  template <class Handler>
  requires std::invocable<Handler&, QueueMessage&>
  void consume(const std::stop_token& stop, Handler&& handle,
               const std::function<void(const Error&)>& on_failure = {}) {
    constexpr std::chrono::milliseconds shortest_pause(50);
    constexpr std::chrono::milliseconds longest_pause(2000);
    auto pause = shortest_pause;
    while (!stop.stop_requested()) {
      auto received = receive(longest_wait, stop);
      if (!received.ok()) {
        if (received.error().code() == ErrorCode::closed) return;
        if (on_failure) on_failure(received.error());
        detail::interruptible_sleep(pause, stop);
        pause = std::min(pause * 2, longest_pause);
        continue;
      }
      pause = shortest_pause;
      auto message = std::move(received).value();
      if (!message) continue;
      if (const auto failure = attempt(handle, *message)) {
        const auto exponent = static_cast<int>(std::min<std::uint64_t>(message->deliveries(), 10));
        (void)message->reject(std::chrono::milliseconds(50) * (1 << exponent));
        if (on_failure) on_failure(*failure);
      } else {
        const auto acknowledged = message->acknowledge();
        if (!acknowledged.ok() && on_failure) on_failure(acknowledged.error());
      }
    }
  }

  /// `receive` waits no longer than a day at a time.
  static constexpr std::chrono::milliseconds longest_wait{24 * 3600 * 1000};

 protected:
  virtual Result<std::optional<QueueMessage>> do_receive(std::chrono::milliseconds wait,
                                                         const std::stop_token& stop) = 0;

 private:
  template <class Handler>
  static std::optional<Error> attempt(Handler& handle, QueueMessage& message) {
    try {
      handle(message);
      return std::nullopt;
    } catch (...) {
      return thrown_failure();
    }
  }
};

}  // namespace cachesite
