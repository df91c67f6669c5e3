#include "queue/memory_queue.hpp"

#include <algorithm>
#include <utility>

namespace cachesite::queues {

namespace {

using SteadyTime = std::chrono::steady_clock;
using std::chrono::milliseconds;

class Delivery final : public IQueueDelivery {
 public:
  Delivery(std::shared_ptr<MemoryQueue> queue, std::uint64_t id, std::uint64_t delivery) noexcept
      : queue_(std::move(queue)), id_(id), delivery_(delivery) {}
  ~Delivery() override {
    if (!settled_) queue_->give_back(id_, delivery_, milliseconds(0));
  }
  Status acknowledge() override {
    settled_ = true;
    queue_->acknowledge(id_, delivery_);
    return Done{};
  }
  Status reject(milliseconds delay) override {
    settled_ = true;
    queue_->give_back(id_, delivery_, delay);
    return Done{};
  }
  Result<bool> keep() override { return queue_->keep(id_, delivery_); }

 private:
  const std::shared_ptr<MemoryQueue> queue_;
  const std::uint64_t id_;
  const std::uint64_t delivery_;
  bool settled_ = false;
};

}  // namespace

Result<std::string> MemoryQueue::send(ByteView body, milliseconds delay) {
  Value copy(body);
  const std::lock_guard lock(mutex_);
  if (stopped_) return Error(ErrorCode::closed, "the queue is stopped");
  if (options_.max_messages != 0 && ready_.size() + later_.size() + out_.size() >= options_.max_messages)
    return Error(ErrorCode::refused, "the queue is full");
  Item item{last_id_ + 1, std::move(copy), 0};
  return_item(std::move(item), delay);
  return std::to_string(++last_id_);
}

Result<std::optional<QueueMessage>> MemoryQueue::receive(milliseconds wait, const std::stop_token& stop) {
  const auto deadline = SteadyTime::now() + wait;
  std::unique_lock lock(mutex_);
  for (;;) {
    if (stopped_) return Error(ErrorCode::closed, "the queue is stopped");
    if (stop.stop_requested()) return Error(ErrorCode::closed, "the wait was stopped");
    const auto now = SteadyTime::now();
    collect_due(now);
    if (!ready_.empty()) break;
    if (now >= deadline) return std::optional<QueueMessage>();
    const auto due = next_due();
    changed_.wait_until(lock, stop, due ? std::min(deadline, *due) : deadline,
                        [this] { return stopped_ || !ready_.empty(); });
  }
  Item item = std::move(ready_.front());
  ready_.pop_front();
  ++item.deliveries;
  const auto id = item.id;
  const auto deliveries = item.deliveries;
  Value body = item.body;
  out_.insert_or_assign(id, Out{std::move(item), SteadyTime::now() + options_.redeliver_after});
  lock.unlock();
  return std::optional<QueueMessage>(
      QueueMessage(std::move(body), std::to_string(id), deliveries,
                   std::make_unique<Delivery>(shared_from_this(), id, deliveries)));
}

void MemoryQueue::acknowledge(std::uint64_t id, std::uint64_t delivery) {
  const std::lock_guard lock(mutex_);
  const auto found = out_.find(id);
  if (found != out_.end()) {
    out_.erase(found);
    return;
  }
  // It was to come again since its time was up; done is done.
  std::erase_if(ready_, [&](const Item& item) { return item.id == id && item.deliveries >= delivery; });
}

void MemoryQueue::give_back(std::uint64_t id, std::uint64_t delivery, milliseconds delay) {
  const std::lock_guard lock(mutex_);
  const auto found = out_.find(id);
  if (found == out_.end() || found->second.item.deliveries != delivery) return;
  Item item = std::move(found->second.item);
  out_.erase(found);
  return_item(std::move(item), std::min(delay, options_.redeliver_after));
}

bool MemoryQueue::keep(std::uint64_t id, std::uint64_t delivery) {
  const std::lock_guard lock(mutex_);
  const auto found = out_.find(id);
  if (found == out_.end() || found->second.item.deliveries != delivery) return false;
  found->second.due = SteadyTime::now() + options_.redeliver_after;
  return true;
}

void MemoryQueue::return_item(Item item, milliseconds delay) {
  if (options_.max_deliveries != 0 && item.deliveries >= options_.max_deliveries) {
    ++dead_;
    return;
  }
  if (delay.count() > 0)
    later_.emplace(SteadyTime::now() + std::min<milliseconds>(delay, std::chrono::hours(24 * 3653)),
                   std::move(item));
  else
    ready_.push_back(std::move(item));
  changed_.notify_all();
}

void MemoryQueue::collect_due(TimePoint now) {
  const auto end = later_.upper_bound(now);
  for (auto entry = later_.begin(); entry != end; ++entry)
    ready_.push_back(std::move(entry->second));
  later_.erase(later_.begin(), end);
  for (auto entry = out_.begin(); entry != out_.end();) {
    if (entry->second.due > now) {
      ++entry;
      continue;
    }
    Item item = std::move(entry->second.item);
    entry = out_.erase(entry);
    return_item(std::move(item), milliseconds(0));
  }
}

std::optional<MemoryQueue::TimePoint> MemoryQueue::next_due() const {
  std::optional<TimePoint> due;
  if (!later_.empty()) due = later_.begin()->first;
  for (const auto& [id, out] : out_)
    if (!due || out.due < *due) due = out.due;
  return due;
}

QueueCounts MemoryQueue::counts() const {
  const std::lock_guard lock(mutex_);
  return {ready_.size(), out_.size(), later_.size(), dead_};
}

void MemoryQueue::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  changed_.notify_all();
}

}  // namespace cachesite::queues
