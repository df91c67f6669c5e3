#pragma once

#include <cachesite/memory_queue_site.hpp>
#include <cachesite/queue.hpp>
#include <cachesite/value.hpp>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

namespace cachesite::queues {

/// One queue of a MemoryQueueSite.
class MemoryQueue : public std::enable_shared_from_this<MemoryQueue> {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  MemoryQueue(std::string name, const MemoryQueueSiteOptions& options)
      : name_(std::move(name)), options_(options) {}

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  Result<std::string> send(ByteView body, std::chrono::milliseconds delay);
  Result<std::optional<QueueMessage>> receive(std::chrono::milliseconds wait, const std::stop_token& stop);
  /// `delivery` tells which handing out is meant: a later one is none of the caller's business.
  void acknowledge(std::uint64_t id, std::uint64_t delivery);
  void give_back(std::uint64_t id, std::uint64_t delivery, std::chrono::milliseconds delay);
  bool keep(std::uint64_t id, std::uint64_t delivery);
  [[nodiscard]] QueueCounts counts() const;
  void stop();

 private:
  struct Item {
    std::uint64_t id;
    Value body;
    std::uint64_t deliveries = 0;
  };
  struct Out {
    Item item;
    TimePoint due;
  };

  void collect_due(TimePoint now);
  void return_item(Item item, std::chrono::milliseconds delay);
  [[nodiscard]] std::optional<TimePoint> next_due() const;

  const std::string name_;
  const MemoryQueueSiteOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Item> ready_;
  std::multimap<TimePoint, Item> later_;
  std::map<std::uint64_t, Out> out_;
  std::uint64_t last_id_ = 0;
  std::uint64_t dead_ = 0;
  bool stopped_ = false;
};

}  // namespace cachesite::queues
