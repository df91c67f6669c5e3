#include "queue/stream_queue.hpp"

#include "queue/stream_scripts.hpp"

#include <algorithm>
#include <utility>

namespace cachesite::queue {

StreamScripts::StreamScripts(const IRedis& redis)
    : delay(redis.make_script(scripts::delay)),
      upkeep(redis.make_script(scripts::upkeep)),
      acknowledge(redis.make_script(scripts::acknowledge)),
      set_idle(redis.make_script(scripts::set_idle)),
      let_go(redis.make_script(scripts::let_go)),
      sweep(redis.make_script(scripts::sweep)),
      counts(redis.make_script(scripts::counts)) {}

StreamQueue::StreamQueue(std::shared_ptr<IRedis> connection, std::shared_ptr<const StreamScripts> all_scripts,
                         const RedisStreamQueueSiteOptions& settings, std::string_view queue_name)
    : redis(std::move(connection)),
      scripts(std::move(all_scripts)),
      name(queue_name),
      stream(settings.prefix + name),
      delayed("delayed@" + stream),
      dead("dead@" + stream),
      group(settings.group),
      redeliver_after(settings.redeliver_after),
      max_deliveries(settings.max_deliveries),
      batch(settings.batch),
      poll_interval(settings.poll_interval),
      delete_acknowledged(settings.delete_acknowledged) {}

Result<std::string> StreamQueue::send(ByteView body, std::chrono::milliseconds delay,
                                      const std::string& unique) const {
  const auto reply =
      delay.count() > 0 ? redis->run(scripts->delay, {delayed}, {std::to_string(delay.count()), unique, body})
                        : redis->call(RedisCommand("XADD", stream, "*", "data", body));
  if (!reply.ok()) return reply.error();
  return reply.value().as_text();
}

Result<QueueCounts> StreamQueue::counts() const {
  const auto reply = redis->run(scripts->counts, {stream, delayed, dead}, {group});
  if (!reply.ok()) return reply.error();
  const auto& list = reply.value().elements();
  if (list.size() != 4) return Error(ErrorCode::protocol, "unexpected answer to a script of the queues");
  const auto number = [&](std::size_t index) { return static_cast<std::uint64_t>(list[index].integer()); };
  QueueCounts counts;
  // Of a stream that keeps what is acknowledged, nobody knows in Redis 6.
  if (delete_acknowledged) counts.waiting = number(0) - std::min(number(0), number(1));
  counts.delivered = number(1);
  counts.delayed = number(2);
  counts.dead = number(3);
  return counts;
}

Status StreamQueue::acknowledge(const std::string& id) const {
  const auto reply = redis->run(scripts->acknowledge, {stream}, {group, id, delete_acknowledged ? "1" : "0"});
  return reply.ok() ? Status(Done{}) : Status(reply.error());
}

Status StreamQueue::make_group() const {
  const auto reply = redis->call(RedisCommand("XGROUP", "CREATE", stream, group, "0", "MKSTREAM"));
  if (!reply.ok() && !reply.error().message().starts_with("BUSYGROUP")) return reply.error();
  (void)redis->run(scripts->sweep, {stream}, {group});
  return Done{};
}

}  // namespace cachesite::queue
