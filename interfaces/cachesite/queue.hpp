#pragma once

#include <cachesite/bytes.hpp>
#include <cachesite/component.hpp>
#include <cachesite/detail/async_call_names.hpp>
#include <cachesite/detail/guarded_call.hpp>
#include <cachesite/detail/handled_message.hpp>
#include <cachesite/detail/implementation_pointer.hpp>
#include <cachesite/detail/interruptible_sleep.hpp>
#include <cachesite/detail/time_span.hpp>
#include <cachesite/result.hpp>
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

namespace detail {
class MessageHandler;
}
namespace queue {
class Consumption;
}

/// For implementers of queues: how a message tells its queue what happened to it.
class IQueueDelivery {
 public:
  virtual ~IQueueDelivery() = default;
  virtual Status acknowledge() = 0;
  virtual Status reject(std::chrono::milliseconds delay) = 0;
  virtual Result<bool> keep() = 0;

  // What the asynchronous forms do when they begin. Null: the blocking form is called, since it never waits.
  using Patience = std::optional<std::chrono::milliseconds>;
  [[nodiscard]] virtual std::unique_ptr<detail::AsyncOperationOf<Status>> make_acknowledge(Patience patience);
  [[nodiscard]] virtual std::unique_ptr<detail::AsyncOperationOf<Status>> make_reject(
      std::chrono::milliseconds delay, Patience patience);
  [[nodiscard]] virtual std::unique_ptr<detail::AsyncOperationOf<Result<bool>>> make_keep(Patience patience);
};

/// A message that a consumer received. Move-only.
///
/// A queue that keeps its messages delivers a message again, to any consumer, unless it is acknowledged: at
/// once or after a delay when it is rejected or destroyed, and at the latest after `redeliver_after` of the
/// site. So a message is processed at least once, and sometimes twice.
///
/// Thread safety: that of a standard container.
class QueueMessage {
 public:
  /// For implementers; `delivery` is null for a queue without acknowledgements.
  QueueMessage(Value body, std::string id, std::uint64_t deliveries,
               std::unique_ptr<IQueueDelivery> delivery);
  QueueMessage(QueueMessage&& other) noexcept;
  QueueMessage& operator=(QueueMessage&& other) noexcept;
  /// A message that is not settled is delivered again.
  ~QueueMessage();

  /// The bytes; valid as long as the message lives.
  [[nodiscard]] Bytes bytes() const noexcept { return body_.bytes(); }
  /// The same bytes as text. Nothing is checked: a message is any bytes.
  [[nodiscard]] std::string_view text() const noexcept { return body_.text(); }
  [[nodiscard]] std::size_t size() const noexcept { return body_.size(); }
  /// The id of the message; the same at each delivery, and equal to the result of `IQueueProducer::send`
  /// unless the message was delayed. Empty for a queue without ids.
  [[nodiscard]] const std::string& id() const noexcept { return id_; }
  /// How often the message was delivered, including this time; 1 for the first.
  [[nodiscard]] std::uint64_t deliveries() const noexcept { return deliveries_; }

  /// Acknowledges the message, which is then never delivered again. After a failure it may be; the queue
  /// repeats the acknowledgement while the consumer exists.
  Status acknowledge() noexcept;
  /// `acknowledge` for programs that do not wait; include <cachesite/async_call.hpp> to use it. The message may
  /// go once the call has begun. A call that was cancelled may have been carried out, and is repeated as after
  /// any failure.
  [[nodiscard]] AsyncCall<Status> async_acknowledge(const CallOptions& options = detail::usual_call_options);
  /// Returns a message that could not be processed: it is delivered again, to any consumer, after `delay`, or
  /// when `redeliver_after` ends, if that is earlier. A delay below 0 is refused with `bad_argument`, and the
  /// message is not settled.
  Status reject(TimeSpan delay = {}) noexcept;
  /// `reject` for programs that do not wait; see `async_acknowledge`. After a failure nothing is repeated: the
  /// message is delivered again when `redeliver_after` ends.
  [[nodiscard]] AsyncCall<Status> async_reject(TimeSpan delay = {},
                                               const CallOptions& options = detail::usual_call_options);
  /// Restarts `redeliver_after` for this message, for work that takes longer. False when the message was
  /// already delivered again.
  Result<bool> keep() noexcept;
  /// `keep` for programs that do not wait; see `async_acknowledge`. After a failure nothing is repeated.
  [[nodiscard]] AsyncCall<Result<bool>> async_keep(const CallOptions& options = detail::usual_call_options);
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
  /// With a `delay` the message is delivered that much later, by the clock of the queue.
  bool produce(ByteView message, TimeSpan delay = {}) noexcept { return send(message, delay).ok(); }

  /// As `produce`, and returns the id of the message (empty for a queue without ids). Failures: `too_large`;
  /// `bad_argument` for a negative delay, and for any delay with a queue that keeps no messages; `refused`
  /// when the queue is full or the server refuses; `closed` when the site is stopped; `timeout`,
  /// `unreachable`; `no_memory`. After a failure with `Outcome::unknown` the message may or may not be in the
  /// queue.
  Result<std::string> send(ByteView message, TimeSpan delay = {}) noexcept;

  /// `send` for programs that do not wait; include <cachesite/async_call.hpp> to use it. The message has to be
  /// valid until the call has begun. A call that was cancelled fails with `closed`; its outcome says whether
  /// the message may be in the queue. `unsupported` for a queue of another implementation that has no such
  /// form.
  ///
  ///     auto id = co_await producer->async_send("pack order 7");
  [[nodiscard]] AsyncCall<Result<std::string>> async_send(
      ByteView message, TimeSpan delay = {}, const CallOptions& options = detail::usual_call_options);

 protected:
  virtual Result<std::string> do_send(ByteView message, std::chrono::milliseconds delay) = 0;
  using AsyncSend = detail::AsyncOperationOf<Result<std::string>>;
  /// What `async_send` does when it begins; null where it is not offered.
  [[nodiscard]] virtual std::unique_ptr<AsyncSend> do_make_send(
      ByteView message, std::chrono::milliseconds delay, std::optional<std::chrono::milliseconds> patience);
};

/// Takes messages out of one queue. Each message goes to one of the consumers of the queue, unless the queue
/// delivers every message to all consumers (publish and subscribe). All calls are safe from any thread;
/// threads that share a consumer share its messages. The destructor of a consumer, or of its last message,
/// may send the unacknowledged messages back to a server, and take as long as a call of that connection.
class IQueueConsumer : public Interface<IQueueConsumer, "IQueueConsumer">,
                       public std::enable_shared_from_this<IQueueConsumer> {
 public:
  /// Name of the queue.
  [[nodiscard]] virtual const std::string& name() const noexcept = 0;

  /// The next message; std::nullopt when none came within `wait`. Fails with `closed` when `stop` is
  /// requested or the site is stopped, and with the failures of the backend; later calls may succeed again.
  Result<std::optional<QueueMessage>> receive(TimeSpan wait, const std::stop_token& stop = {}) noexcept;

  /// `receive` for programs that do not wait; include <cachesite/async_call.hpp> to use it. When the patience of
  /// the options ends before `wait`, the call fails with `timeout`. A message that comes when a call has been
  /// cancelled goes to another receiver, or is delivered again. `unsupported` for a queue of another
  /// implementation that has no such form.
  ///
  ///     auto message = co_await consumer->async_receive(10s);
  [[nodiscard]] AsyncCall<Result<std::optional<QueueMessage>>> async_receive(
      TimeSpan wait, const CallOptions& options = detail::usual_call_options);

  /// Calls `handle(QueueMessage&)` for each message, one at a time, until `stop` is requested or the site is
  /// stopped. A message is acknowledged when `handle` returns, unless it was settled by then. When `handle`
  /// throws, or returns a result that is a failure, the message is rejected and delivered again after a pause
  /// that grows with each delivery. A failing backend does not end the loop: it continues, with pauses from
  /// 50 ms to 2 s. `on_failure`, if given, receives both kinds of failures.
  template <class Handler>
  requires std::invocable<Handler&, QueueMessage&>
  void consume(const std::stop_token& stop, Handler&& handle,
               const std::function<void(const Error&)>& on_failure = {}) {
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
      if (const auto failure = detail::handle_at_once(handle, *message)) {
        (void)message->reject(pause_before_next(*message));
        if (on_failure) on_failure(*failure);
      } else {
        const auto acknowledged = message->acknowledge();
        if (!acknowledged.ok() && on_failure) on_failure(acknowledged.error());
      }
    }
  }

  /// `consume` for programs that do not wait; include <cachesite/async_consume.hpp> to use it. `handle` gives an
  /// awaitable, and the next message comes when that has ended; or it is a plain function, which must not wait.
  /// It is called by the executor of the options, and without one in a thread that runs the event loop;
  /// `on_failure` is called there, or in a thread that runs the loop.
  ///
  /// The call succeeds when `stop`, or that of the options, is requested or the site is stopped. A message that
  /// is being handled is settled before, if the queue still answers. The call fails with `unsupported` as
  /// `async_receive`, with what `on_failure` throws, and with `no_memory`; with `closed` when the stop of the
  /// options was requested before it began. The patience of the options has no part in it.
  ///
  /// When its caller is gone, it ends in the same way, soon after. So what `handle` and `on_failure` use has to
  /// be their own, and the executor has to exist until they have been destroyed. The consumer is kept until then
  /// if a std::shared_ptr owns it.
  ///
  ///     const auto handle = [cache](cachesite::QueueMessage& order) {
  ///       return cache->async_write(order.id(), order.text());
  ///     };
  ///     co_await orders->async_consume(stop, handle);
  template <std::invocable<QueueMessage&> Handler>
  [[nodiscard]] AsyncCall<Status> async_consume(std::stop_token stop, Handler&& handle,
                                                std::function<void(const Error&)> on_failure = {},
                                                const CallOptions& options = detail::usual_call_options);

  /// `receive` waits no longer than a day at a time.
  static constexpr std::chrono::milliseconds longest_wait{24 * 3600 * 1000};

 protected:
  virtual Result<std::optional<QueueMessage>> do_receive(std::chrono::milliseconds wait,
                                                         const std::stop_token& stop) = 0;
  using AsyncReceive = detail::AsyncOperationOf<Result<std::optional<QueueMessage>>>;
  /// What `async_receive` does when it begins; null where it is not offered.
  [[nodiscard]] virtual std::unique_ptr<AsyncReceive> do_make_receive(
      std::chrono::milliseconds wait, std::optional<std::chrono::milliseconds> patience);

 private:
  friend class queue::Consumption;
  static constexpr std::chrono::milliseconds shortest_pause{50};
  static constexpr std::chrono::milliseconds longest_pause{2000};

  [[nodiscard]] static std::chrono::milliseconds pause_before_next(const QueueMessage& message) noexcept {
    return shortest_pause * (1 << static_cast<int>(std::min<std::uint64_t>(message.deliveries(), 10)));
  }
  [[nodiscard]] AsyncCall<Status> consume_by(std::shared_ptr<detail::MessageHandler> handler,
                                             std::function<void(const Error&)> on_failure,
                                             std::stop_token stop, const CallOptions& options);
};

/// Numbers of messages in one queue; empty when the queue cannot know one.
struct QueueCounts {
  std::optional<std::uint64_t> waiting;    ///< not delivered yet
  std::optional<std::uint64_t> delivered;  ///< delivered, but not acknowledged yet
  std::optional<std::uint64_t> delayed;    ///< delayed
  std::optional<std::uint64_t> dead;       ///< given up after `max_deliveries`
};

/// Provides producers and consumers of queues by name. All calls are safe from any thread.
class IQueueSite : public Interface<IQueueSite, "IQueueSite"> {
 public:
  static constexpr std::size_t longest_name = 1024;

  /// An end of the queue of that name (1 to 1024 bytes of any value); no registration is needed. Throws
  /// std::invalid_argument for a name that is empty or too long, std::bad_alloc, std::runtime_error with
  /// `require_connection` when the server cannot be reached, and std::system_error when no thread can be
  /// started for a consumer.
  [[nodiscard]] virtual std::shared_ptr<IQueueProducer> get_producer(std::string_view name) = 0;
  [[nodiscard]] virtual std::shared_ptr<IQueueConsumer> get_consumer(std::string_view name) = 0;

  /// Numbers of messages in a queue.
  virtual Result<QueueCounts> counts(std::string_view name) noexcept = 0;
};

}  // namespace cachesite
