#pragma once

#include <cachesite/component.hpp>
#include <cachesite/queue.hpp>
#include <cachesite/result.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace cachesite {

/// How many messages of one queue are where; a number is absent when the queue cannot know it.
struct QueueCounts {
  std::optional<std::uint64_t> waiting;    ///< to be handed out for the first time
  std::optional<std::uint64_t> delivered;  ///< handed out and not acknowledged yet
  std::optional<std::uint64_t> delayed;    ///< to be handed out later
  std::optional<std::uint64_t> dead;       ///< given up after `max_deliveries`
};

/// Hands out both ends of queues by name. All calls are safe from any thread.
class IQueueSite : public Interface<IQueueSite, "IQueueSite"> {
 public:
  static constexpr std::size_t longest_name = 1024;

  /// An end of the queue of that name (any bytes, 1 to 1024 of them), which comes into being by being asked
  /// for. Throws std::invalid_argument for a name that is empty or too long, std::bad_alloc,
  /// std::runtime_error when the site is set to `require_connection` and its server cannot be reached at the
  /// moment, and std::system_error when a consumer needs a thread and none can be had.
  [[nodiscard]] virtual std::shared_ptr<IQueueProducer> get_producer(std::string_view name) = 0;
  [[nodiscard]] virtual std::shared_ptr<IQueueConsumer> get_consumer(std::string_view name) = 0;

  /// What is in a queue now.
  virtual Result<QueueCounts> counts(std::string_view name) noexcept = 0;
};

}  // namespace cachesite
