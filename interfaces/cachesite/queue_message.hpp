#pragma once

#include <cachesite/bytes.hpp>
#include <cachesite/detail/guarded_call.hpp>
#include <cachesite/result.hpp>
#include <cachesite/time_span.hpp>
#include <cachesite/value.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
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
  QueueMessage(Value body, std::string id, std::uint64_t deliveries, std::unique_ptr<IQueueDelivery> delivery)
      : body_(std::move(body)), id_(std::move(id)), deliveries_(deliveries), delivery_(std::move(delivery)) {}

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
  Status acknowledge() noexcept {
    if (settled_) return Done{};
    settled_ = true;
    return guarded_call<Done>([&] { return delivery_ ? delivery_->acknowledge() : Status(Done{}); });
  }
  /// The message could not be processed: it comes again, to any consumer, after `delay`, but not later than
  /// it would without. A delay below 0 is refused with `bad_argument`, and the message is not settled.
  Status reject(TimeSpan delay = {}) noexcept {
    if (delay.negative()) return Error(ErrorCode::bad_argument, "a delay is not negative");
    if (settled_) return Done{};
    settled_ = true;
    return guarded_call<Done>(
        [&] { return delivery_ ? delivery_->reject(delay.milliseconds()) : Status(Done{}); });
  }
  /// Starts the time until the message comes again anew, for work that takes longer. False when the message
  /// has been handed out again already.
  Result<bool> keep() noexcept {
    if (settled_) return false;
    return guarded_call<bool>([&] { return delivery_ ? delivery_->keep() : Result<bool>(true); });
  }
  /// True after `acknowledge` or `reject`.
  [[nodiscard]] bool settled() const noexcept { return settled_; }

 private:
  Value body_;
  std::string id_;
  std::uint64_t deliveries_;
  std::unique_ptr<IQueueDelivery> delivery_;
  bool settled_ = false;
};

}  // namespace cachesite
