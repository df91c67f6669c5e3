#include "queue/memory_queue.hpp"

#include "basics/inherited.hpp"

#include <algorithm>
#include <utility>

namespace cachesite::queue {

using std::chrono::milliseconds;

class MemoryQueue::Message {
 public:
  explicit Message(ByteView content) : body(content) {}

  const Value body;
  // Guarded by the queue.
  std::uint64_t id = 0;
  std::uint64_t deliveries = 0;
  MessageState state = MessageState::gone;
  MessagesByTime::iterator position;  // unless it is gone
};

namespace {

class Delivery final : public IQueueDelivery {
 public:
  Delivery(std::shared_ptr<MemoryQueue> queue, std::shared_ptr<MemoryQueue::Message> message,
           std::uint64_t delivery) noexcept
      : queue_(std::move(queue)), message_(std::move(message)), delivery_(delivery) {}
  ~Delivery() override {
    if (!settled_) (void)queue_->give_back(*message_, delivery_, milliseconds(0));
  }
  Status acknowledge() override {
    settled_ = true;
    return queue_->acknowledge(*message_);
  }
  Status reject(milliseconds delay) override {
    settled_ = true;
    return queue_->give_back(*message_, delivery_, delay);
  }
  Result<bool> keep() override { return queue_->keep(*message_, delivery_); }

 private:
  const std::shared_ptr<MemoryQueue> queue_;
  const std::shared_ptr<MemoryQueue::Message> message_;
  const std::uint64_t delivery_;
  bool settled_ = false;
};

}  // namespace

Result<std::string> MemoryQueue::send(ByteView body, milliseconds delay) {
  if (fork_mark_.forked()) return basics::forked_error();
  MessagesByTime one;
  one.emplace(TimePoint(), std::make_shared<Message>(body));
  const std::lock_guard lock(mutex_);
  if (stopped_) return Error(ErrorCode::closed, "the queue is stopped");
  if (options_.max_messages != 0 && ready_.size() + timed_.size() >= options_.max_messages)
    return Error(ErrorCode::refused, "the queue is full");
  std::string id = std::to_string(last_id_ + 1);
  auto node = one.extract(one.begin());
  node.mapped()->id = ++last_id_;
  if (delay.count() > 0)
    enter(std::move(node), MessageState::delayed, later(delay));
  else
    enter(std::move(node), MessageState::ready, {});
  return id;
}

Result<std::optional<QueueMessage>> MemoryQueue::receive(milliseconds wait, const std::stop_token& stop) {
  if (fork_mark_.forked()) return basics::forked_error();
  const auto deadline = clock_->now() + wait;
  std::unique_lock lock(mutex_);
  for (;;) {
    auto next = take_next(lock, stop);
    if (!next.ok() || next.value()) return next;
    const auto now = clock_->now();
    if (now >= deadline) return next;
    this->wait(lock, now, deadline, stop);
  }
}

coroutines::Routine<Result<std::optional<QueueMessage>>> MemoryQueue::async_receive(
    milliseconds wait, std::optional<milliseconds> patience, std::stop_token stop) {
  if (fork_mark_.forked()) co_return basics::forked_error();
  const auto self = shared_from_this();
  const auto length = patience ? std::min(wait, *patience) : wait;
  const auto deadline = clock_->now() + length;
  coroutines::Pause pause(coroutines::LoopAccess::shared());
  const coroutines::PauseList::Place place(pauses_, mutex_, pause);
  for (;;) {
    std::unique_lock lock(mutex_);
    auto next = take_next(lock, stop);
    if (!next.ok() || next.value()) co_return next;
    const auto now = clock_->now();
    const auto due = next_due();
    lock.unlock();
    if (now >= deadline && length < wait)
      co_return Error(ErrorCode::timeout, "no message came for as long as its receiver waits");
    if (now >= deadline) co_return next;
    co_await pause.until(pause.now() + (std::min(deadline, due) - now), stop);
  }
}

// Gives the lock back when there is a message.
Result<std::optional<QueueMessage>> MemoryQueue::take_next(std::unique_lock<std::mutex>& lock,
                                                           const std::stop_token& stop) {
  if (stopped_) return Error(ErrorCode::closed, "the queue is stopped");
  if (stop.stop_requested()) return Error(ErrorCode::closed, "the wait was stopped");
  collect_due(clock_->now());
  if (ready_.empty()) return std::optional<QueueMessage>();
  const auto message = ready_.begin()->second;
  std::string id = std::to_string(message->id);
  auto delivery = std::make_unique<Delivery>(shared_from_this(), message, message->deliveries + 1);
  const auto deliveries = ++message->deliveries;
  enter(leave(*message), MessageState::out, later(options_.redeliver_after));
  lock.unlock();
  return std::optional<QueueMessage>(
      QueueMessage(message->body, std::move(id), deliveries, std::move(delivery)));
}

void MemoryQueue::tell_receivers() noexcept {
  changed_.notify_all();
  pauses_.wake_all();
}

// Ends early when there is something to look at: a message, or one that is due before the others.
void MemoryQueue::wait(std::unique_lock<std::mutex>& lock, TimePoint now, TimePoint deadline,
                       const std::stop_token& stop) {
  const auto until = std::min(deadline, next_due());
  changed_.wait_for(lock, stop, until - now,
                    [&] { return stopped_ || !ready_.empty() || next_due() < until; });
}

Status MemoryQueue::acknowledge(Message& message) noexcept {
  if (fork_mark_.forked()) return basics::forked_error();
  MessagesByTime::node_type gone;  // goes without the lock
  const std::lock_guard lock(mutex_);
  // Wherever it is by now: done is done.
  if (message.state != MessageState::gone) gone = leave(message);
  return Done{};
}

Status MemoryQueue::give_back(Message& message, std::uint64_t delivery, milliseconds delay) noexcept {
  if (fork_mark_.forked()) return basics::forked_error();
  const std::lock_guard lock(mutex_);
  if (message.state == MessageState::out && message.deliveries == delivery)
    give_back(message, std::min(delay, options_.redeliver_after));
  return Done{};
}

Result<bool> MemoryQueue::keep(Message& message, std::uint64_t delivery) noexcept {
  if (fork_mark_.forked()) return basics::forked_error();
  const std::lock_guard lock(mutex_);
  if (message.state != MessageState::out || message.deliveries != delivery) return false;
  enter(leave(message), MessageState::out, later(options_.redeliver_after));
  return true;
}

void MemoryQueue::give_back(Message& message, milliseconds delay) noexcept {
  auto node = leave(message);
  if (options_.max_deliveries != 0 && message.deliveries >= options_.max_deliveries)
    ++dead_;
  else if (delay.count() > 0)
    enter(std::move(node), MessageState::delayed, later(delay));
  else
    enter(std::move(node), MessageState::ready, {});
}

void MemoryQueue::collect_due(TimePoint now) noexcept {
  while (!timed_.empty() && timed_.begin()->first <= now) {
    Message& due = *timed_.begin()->second;
    if (due.state == MessageState::out)
      give_back(due, milliseconds(0));
    else
      enter(leave(due), MessageState::ready, {});
  }
}

MemoryQueue::MessagesByTime& MemoryQueue::messages_in(MessageState state) noexcept {
  return state == MessageState::ready ? ready_ : timed_;
}

void MemoryQueue::enter(MessagesByTime::node_type node, MessageState state, TimePoint due) noexcept {
  Message& message = *node.mapped();
  node.key() = due;
  auto& messages = messages_in(state);
  message.position = messages.insert(messages.end(), std::move(node));
  message.state = state;
  if (state == MessageState::out) ++out_;
  if (state == MessageState::ready || message.position == timed_.begin()) tell_receivers();
}

MemoryQueue::MessagesByTime::node_type MemoryQueue::leave(Message& message) noexcept {
  if (message.state == MessageState::out) --out_;
  auto& messages = messages_in(message.state);
  message.state = MessageState::gone;
  return messages.extract(message.position);
}

MemoryQueue::TimePoint MemoryQueue::next_due() const noexcept {
  return timed_.empty() ? TimePoint::max() : timed_.begin()->first;
}

MemoryQueue::TimePoint MemoryQueue::later(milliseconds delay) const noexcept {
  constexpr milliseconds longest = std::chrono::hours(24 * 3653);
  return clock_->now() + std::min(delay, longest);
}

Result<QueueCounts> MemoryQueue::counts() const {
  if (fork_mark_.forked()) return basics::forked_error();
  const std::lock_guard lock(mutex_);
  return QueueCounts{ready_.size(), out_, timed_.size() - out_, dead_};
}

void MemoryQueue::stop() noexcept {
  if (fork_mark_.forked()) return;
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  tell_receivers();
}

}  // namespace cachesite::queue
