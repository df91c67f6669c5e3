#pragma once

#include "basics/condition.hpp"
#include "coroutines/pause_list.hpp"
#include "coroutines/routine.hpp"

#include <cachesite/clock.hpp>
#include <cachesite/memory_queue_site.hpp>
#include <cachesite/queue.hpp>
#include <cachesite/value.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

namespace cachesite::queue {

/// One queue of a MemoryQueueSite.
///
/// The states of a message, and what leads from one state to the next:
///
///     ready    to be handed out               receive() -> out
///     delayed  to be ready at its time        its time -> ready
///     out      handed out, not acknowledged   acknowledge() -> gone
///                                             give_back() with a delay -> delayed
///                                             give_back(), its time -> ready; after the last delivery ->
///                                             gone
///     gone     acknowledged, or given up
///
/// Whatever needs memory is made before a message goes from one state to another: a failure leaves it where
/// it is. Each step takes time that grows with the logarithm of the number of messages. In a forked child
/// calls end with `closed`: the messages are the parent's.
class MemoryQueue : public std::enable_shared_from_this<MemoryQueue> {
 public:
  using TimePoint = IClock::TimePoint;
  class Message;

  MemoryQueue(std::string name, const MemoryQueueSiteOptions& options, std::shared_ptr<const IClock> clock)
      : name_(std::move(name)), options_(options), clock_(std::move(clock)) {}

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  Result<std::string> send(ByteView body, std::chrono::milliseconds delay);
  Result<std::optional<QueueMessage>> receive(std::chrono::milliseconds wait, const std::stop_token& stop);
  /// The same without a thread that waits. With a patience that is shorter than `wait` it fails with `timeout`.
  coroutines::Routine<Result<std::optional<QueueMessage>>> async_receive(
      std::chrono::milliseconds wait, std::optional<std::chrono::milliseconds> patience,
      std::stop_token stop);
  /// `delivery` tells which handing out is meant: a later one is none of the caller's business.
  Status acknowledge(Message& message) noexcept;
  Status give_back(Message& message, std::uint64_t delivery, std::chrono::milliseconds delay) noexcept;
  Result<bool> keep(Message& message, std::uint64_t delivery) noexcept;
  [[nodiscard]] Result<QueueCounts> counts() const;
  void stop() noexcept;

 private:
  using MessagesByTime = std::multimap<TimePoint, std::shared_ptr<Message>>;
  enum class MessageState : std::uint8_t { ready, delayed, out, gone };

  [[nodiscard]] MessagesByTime& messages_in(MessageState state) noexcept;
  void enter(MessagesByTime::node_type node, MessageState state, TimePoint due) noexcept;
  MessagesByTime::node_type leave(Message& message) noexcept;
  void give_back(Message& message, std::chrono::milliseconds delay) noexcept;
  void collect_due(TimePoint now) noexcept;
  // No message: there is none now.
  Result<std::optional<QueueMessage>> take_next(std::unique_lock<std::mutex>& lock,
                                                const std::stop_token& stop);
  void wait(std::unique_lock<std::mutex>& lock, TimePoint now, TimePoint deadline,
            const std::stop_token& stop);
  void tell_receivers() noexcept;
  [[nodiscard]] TimePoint next_due() const noexcept;
  [[nodiscard]] TimePoint later(std::chrono::milliseconds delay) const noexcept;

  const std::string name_;
  const MemoryQueueSiteOptions options_;
  const std::shared_ptr<const IClock> clock_;
  const basics::ForkMark fork_mark_;
  mutable std::mutex mutex_;
  basics::AnyCondition changed_;
  coroutines::PauseList pauses_;  // of those who have no thread that waits
  MessagesByTime ready_;          // in the order in which they are handed out, all with the same key
  MessagesByTime timed_;          // delayed and out, by when they are ready again
  std::size_t out_ = 0;
  std::uint64_t last_id_ = 0;
  std::uint64_t dead_ = 0;
  bool stopped_ = false;
};

}  // namespace cachesite::queue
