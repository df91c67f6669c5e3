#include "queue/stream_queue.hpp"

#include "queue/stream_scripts.hpp"

#include <algorithm>
#include <utility>

namespace cachesite::queue {

using coroutines::Routine;

namespace {

std::vector<std::string> delay_of(std::chrono::milliseconds delay, std::string unique, ByteView body) {
  return {std::to_string(delay.count()), std::move(unique), std::string(body.text())};
}

Result<std::string> id_of(const Result<RedisValue>& reply) {
  if (!reply.ok()) return reply.error();
  return reply.value().as_text();
}

}  // namespace

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
  ThreadAccess server(*redis);
  return send(server, body, delay, unique, {}).run_at_once();
}

Routine<Result<std::string>> StreamQueue::send(ServerAccess& server, ByteView body,
                                               std::chrono::milliseconds delay, std::string unique,
                                               std::stop_token stop) const {
  if (delay.count() > 0) {
    auto delaying = server.run(scripts->delay, one_key(delayed), delay_of(delay, std::move(unique), body));
    const auto reply = co_await delaying;
    co_return id_of(reply);
  }
  const RedisCommand command("XADD", stream, "*", "data", body);
  auto adding = server.call(command, std::move(stop));
  const auto reply = co_await adding;
  co_return id_of(reply);
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
  ThreadAccess server(*redis);
  return acknowledge(server, id).run_at_once();
}

Routine<Status> StreamQueue::acknowledge(ServerAccess& server, std::string id) const {
  std::vector<std::string> arguments{group, std::move(id), delete_acknowledged ? "1" : "0"};
  auto asked = server.run(scripts->acknowledge, one_key(stream), std::move(arguments));
  const auto reply = co_await asked;
  if (!reply.ok()) co_return reply.error();
  co_return Done{};
}

Routine<Status> StreamQueue::make_group(ServerAccess& server) const {
  const RedisCommand command("XGROUP", "CREATE", stream, group, "0", "MKSTREAM");
  auto asked = server.call(command, {});
  const auto reply = co_await asked;
  if (!reply.ok() && !reply.error().message().starts_with("BUSYGROUP")) co_return reply.error();
  auto sweeping = server.run(scripts->sweep, one_key(stream), one_key(group));
  (void)co_await sweeping;
  co_return Done{};
}

}  // namespace cachesite::queue
