#pragma once

#include <cachesite/queue.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace cachesite::test {

/// Queues that keep messages until they are acknowledged hand each to one consumer; the others hand it to
/// every consumer that is there, and forget it.
enum class QueueKind { keeps, publishes };

/// Queues that the contract is checked against.
struct QueueSubject {
  std::shared_ptr<IQueueSite> site;
  /// Another way to the same queues: as another process would have it, where there are such; else the same.
  std::shared_ptr<IQueueSite> other;
};

/// What a clause asks for.
struct QueueSettings {
  std::chrono::milliseconds redeliver_after{60'000};
  std::uint32_t max_deliveries = 0;
};

/// Adds one test for each clause of the contract, in a suite called `name`.
bool register_queue_contract(const std::string& name, QueueKind kind,
                             std::function<QueueSubject(const QueueSettings&)> make_subject);

}  // namespace cachesite::test
