#pragma once

#include <cachesite/async_call.hpp>
#include <cachesite/queue.hpp>

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

namespace cachesite::test {

/// Queues whose calls are made in their asynchronous form, so that one contract is checked for both.
class AwaitedDelivery final : public IQueueDelivery {
 public:
  explicit AwaitedDelivery(QueueMessage message) : message_(std::move(message)) {}

  Status acknowledge() override { return message_.async_acknowledge().wait(); }
  Status reject(std::chrono::milliseconds delay) override { return message_.async_reject(delay).wait(); }
  Result<bool> keep() override { return message_.async_keep().wait(); }

 private:
  QueueMessage message_;
};

class AwaitedProducer final : public IQueueProducer {
 public:
  explicit AwaitedProducer(std::shared_ptr<IQueueProducer> producer) : producer_(std::move(producer)) {}
  [[nodiscard]] const std::string& name() const noexcept override { return producer_->name(); }

 protected:
  Result<std::string> do_send(ByteView message, std::chrono::milliseconds delay) override {
    return producer_->async_send(message, delay).wait();
  }

 private:
  const std::shared_ptr<IQueueProducer> producer_;
};

class AwaitedConsumer final : public IQueueConsumer {
 public:
  explicit AwaitedConsumer(std::shared_ptr<IQueueConsumer> consumer) : consumer_(std::move(consumer)) {}
  [[nodiscard]] const std::string& name() const noexcept override { return consumer_->name(); }

 protected:
  Result<std::optional<QueueMessage>> do_receive(std::chrono::milliseconds wait,
                                                 const std::stop_token& stop) override {
    auto received = consumer_->async_receive(wait, {.stop = stop}).wait();
    if (!received.ok() || !received.value()) return received;
    QueueMessage message = *std::move(received).value();
    Value body(ByteView(message.text()));
    std::string id = message.id();
    const auto deliveries = message.deliveries();
    return std::optional<QueueMessage>(QueueMessage(std::move(body), std::move(id), deliveries,
                                                    std::make_unique<AwaitedDelivery>(std::move(message))));
  }

 private:
  const std::shared_ptr<IQueueConsumer> consumer_;
};

class AwaitedQueueSite final : public IQueueSite {
 public:
  explicit AwaitedQueueSite(std::shared_ptr<IQueueSite> site) : site_(std::move(site)) {}

  void stop() noexcept override { site_->stop(); }
  [[nodiscard]] std::shared_ptr<IQueueProducer> get_producer(std::string_view name) override {
    return std::make_shared<AwaitedProducer>(site_->get_producer(name));
  }
  [[nodiscard]] std::shared_ptr<IQueueConsumer> get_consumer(std::string_view name) override {
    return std::make_shared<AwaitedConsumer>(site_->get_consumer(name));
  }
  Result<QueueCounts> counts(std::string_view name) noexcept override { return site_->counts(name); }

 private:
  const std::shared_ptr<IQueueSite> site_;
};

}  // namespace cachesite::test
