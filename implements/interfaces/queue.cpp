#include <cachesite/async_call.hpp>
#include <cachesite/detail/guarded_call.hpp>
#include <cachesite/detail/result_at_hand.hpp>
#include <cachesite/queue.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace cachesite {

namespace {

using std::chrono::milliseconds;
using Patience = std::optional<milliseconds>;
using Received = Result<std::optional<QueueMessage>>;

std::optional<Error> complaint(ByteView message, TimeSpan delay) {
  if (message.size() > IQueueProducer::largest_message)
    return Error(ErrorCode::too_large, "a message is at most 512 MiB long");
  if (delay.negative()) return Error(ErrorCode::bad_argument, "a delay is not negative");
  return std::nullopt;
}

}  // namespace

std::unique_ptr<detail::AsyncOperationOf<Status>> IQueueDelivery::make_acknowledge(Patience) {
  return nullptr;
}
std::unique_ptr<detail::AsyncOperationOf<Status>> IQueueDelivery::make_reject(milliseconds, Patience) {
  return nullptr;
}
std::unique_ptr<detail::AsyncOperationOf<Result<bool>>> IQueueDelivery::make_keep(Patience) {
  return nullptr;
}

QueueMessage::QueueMessage(Value body, std::string id, std::uint64_t deliveries,
                           std::unique_ptr<IQueueDelivery> delivery)
    : body_(std::move(body)), id_(std::move(id)), deliveries_(deliveries), delivery_(std::move(delivery)) {}

QueueMessage::QueueMessage(QueueMessage&& other) noexcept = default;
QueueMessage& QueueMessage::operator=(QueueMessage&& other) noexcept = default;
QueueMessage::~QueueMessage() = default;

Status QueueMessage::acknowledge() noexcept {
  if (settled_) return Done{};
  settled_ = true;
  return guarded_call<Done>([&] { return delivery_ ? delivery_->acknowledge() : Status(Done{}); },
                            Outcome::unknown);
}

AsyncCall<Status> QueueMessage::async_acknowledge(const CallOptions& options) {
  return detail::late_call<Status>(options, [this, patience = options.patience] {
    auto made = settled_ || !delivery_ ? nullptr : delivery_->make_acknowledge(patience);
    if (made == nullptr) return detail::call_at_once<Status>([this] { return acknowledge(); });
    settled_ = true;
    return made;
  });
}

Status QueueMessage::reject(TimeSpan delay) noexcept {
  if (delay.negative()) return Error(ErrorCode::bad_argument, "a delay is not negative");
  if (settled_) return Done{};
  settled_ = true;
  return guarded_call<Done>(
      [&] { return delivery_ ? delivery_->reject(delay.milliseconds()) : Status(Done{}); });
}

AsyncCall<Status> QueueMessage::async_reject(TimeSpan delay, const CallOptions& options) {
  return detail::late_call<Status>(options, [this, delay, patience = options.patience] {
    const bool known = settled_ || !delivery_ || delay.negative();
    auto made = known ? nullptr : delivery_->make_reject(delay.milliseconds(), patience);
    if (made == nullptr) return detail::call_at_once<Status>([this, delay] { return reject(delay); });
    settled_ = true;
    return made;
  });
}

Result<bool> QueueMessage::keep() noexcept {
  if (settled_) return false;
  return guarded_call<bool>([&] { return delivery_ ? delivery_->keep() : Result<bool>(true); });
}

AsyncCall<Result<bool>> QueueMessage::async_keep(const CallOptions& options) {
  return detail::late_call<Result<bool>>(options, [this, patience = options.patience] {
    auto made = settled_ || !delivery_ ? nullptr : delivery_->make_keep(patience);
    if (made == nullptr) return detail::call_at_once<Result<bool>>([this] { return keep(); });
    return made;
  });
}

Result<std::string> IQueueProducer::send(ByteView message, TimeSpan delay) noexcept {
  if (auto problem = complaint(message, delay)) return *problem;
  return guarded_call<std::string>([&] { return do_send(message, delay.milliseconds()); }, Outcome::unknown);
}

AsyncCall<Result<std::string>> IQueueProducer::async_send(ByteView message, TimeSpan delay,
                                                          const CallOptions& options) {
  return detail::late_call<Result<std::string>>(
      options, [this, message, delay, patience = options.patience]() -> std::unique_ptr<AsyncSend> {
        if (auto problem = complaint(message, delay))
          return detail::result_at_hand<Result<std::string>>(*problem);
        return do_make_send(message, delay.milliseconds(), patience);
      });
}

std::unique_ptr<IQueueProducer::AsyncSend> IQueueProducer::do_make_send(ByteView, milliseconds, Patience) {
  return nullptr;
}

AsyncCall<Received> IQueueConsumer::async_receive(TimeSpan wait, const CallOptions& options) {
  return detail::late_call<Received>(options, [this, wait, patience = options.patience] {
    return do_make_receive(std::min(wait.milliseconds(), longest_wait), patience);
  });
}

std::unique_ptr<IQueueConsumer::AsyncReceive> IQueueConsumer::do_make_receive(milliseconds, Patience) {
  return nullptr;
}

Result<std::optional<QueueMessage>> IQueueConsumer::receive(TimeSpan wait,
                                                            const std::stop_token& stop) noexcept {
  return guarded_call<std::optional<QueueMessage>>(
      [&] { return do_receive(std::min(wait.milliseconds(), longest_wait), stop); });
}

}  // namespace cachesite
