#include <cachesite/detail/guarded_call.hpp>
#include <cachesite/queue.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace cachesite {

QueueMessage::QueueMessage(Value body, std::string id, std::uint64_t deliveries,
                           std::unique_ptr<IQueueDelivery> delivery)
    : body_(std::move(body)), id_(std::move(id)), deliveries_(deliveries), delivery_(std::move(delivery)) {}

QueueMessage::QueueMessage(QueueMessage&& other) noexcept = default;
QueueMessage& QueueMessage::operator=(QueueMessage&& other) noexcept = default;
QueueMessage::~QueueMessage() = default;

Status QueueMessage::acknowledge() noexcept {
  if (settled_) return Done{};
  settled_ = true;
  return guarded_call<Done>([&] { return delivery_ ? delivery_->acknowledge() : Status(Done{}); });
}

Status QueueMessage::reject(TimeSpan delay) noexcept {
  if (delay.negative()) return Error(ErrorCode::bad_argument, "a delay is not negative");
  if (settled_) return Done{};
  settled_ = true;
  return guarded_call<Done>(
      [&] { return delivery_ ? delivery_->reject(delay.milliseconds()) : Status(Done{}); });
}

Result<bool> QueueMessage::keep() noexcept {
  if (settled_) return false;
  return guarded_call<bool>([&] { return delivery_ ? delivery_->keep() : Result<bool>(true); });
}

Result<std::string> IQueueProducer::send(ByteView message, TimeSpan delay) noexcept {
  if (message.size() > largest_message)
    return Error(ErrorCode::too_large, "a message is at most 512 MiB long");
  if (delay.negative()) return Error(ErrorCode::bad_argument, "a delay is not negative");
  return guarded_call<std::string>([&] { return do_send(message, delay.milliseconds()); });
}

Result<std::optional<QueueMessage>> IQueueConsumer::receive(TimeSpan wait,
                                                            const std::stop_token& stop) noexcept {
  return guarded_call<std::optional<QueueMessage>>(
      [&] { return do_receive(std::min(wait.milliseconds(), longest_wait), stop); });
}

}  // namespace cachesite
