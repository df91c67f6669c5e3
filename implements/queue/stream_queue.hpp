#pragma once

#include "coroutines/routine.hpp"
#include "queue/server_access.hpp"

#include <cachesite/queue.hpp>
#include <cachesite/redis.hpp>
#include <cachesite/redis_stream_queue_site.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

namespace cachesite::queue {

struct StreamScripts {
  explicit StreamScripts(const IRedis& redis);
  const RedisScript delay, upkeep, acknowledge, set_idle, let_go, sweep, counts;
};

/// One queue as the server has it: its keys, and the commands that need no consumer.
class StreamQueue {
 public:
  StreamQueue(std::shared_ptr<IRedis> connection, std::shared_ptr<const StreamScripts> all_scripts,
              const RedisStreamQueueSiteOptions& settings, std::string_view queue_name);

  Result<std::string> send(ByteView body, std::chrono::milliseconds delay, const std::string& unique) const;
  /// The body is valid until it waits for the answer.
  coroutines::Routine<Result<std::string>> send(ServerAccess& server, ByteView body,
                                                std::chrono::milliseconds delay, std::string unique,
                                                std::stop_token stop) const;
  Result<QueueCounts> counts() const;
  /// The message is done. To say it twice does no harm.
  Status acknowledge(const std::string& id) const;
  coroutines::Routine<Status> acknowledge(ServerAccess& server, std::string id) const;
  /// Makes the group, and with it the stream, unless it is there.
  coroutines::Routine<Status> make_group(ServerAccess& server) const;

  const std::shared_ptr<IRedis> redis;
  const std::shared_ptr<const StreamScripts> scripts;
  const std::string name;
  const std::string stream, delayed, dead;
  const std::string group;
  const std::chrono::milliseconds redeliver_after;
  const std::uint32_t max_deliveries;
  const std::uint32_t batch;
  const std::chrono::milliseconds poll_interval;
  const bool delete_acknowledged;
};

}  // namespace cachesite::queue
