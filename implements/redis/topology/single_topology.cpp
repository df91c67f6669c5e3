#include "redis/topology/single_topology.hpp"

#include "redis/topology/server_batch.hpp"
#include "redis/wire/only_server.hpp"

#include <array>
#include <cstddef>
#include <utility>
#include <vector>

namespace cachesite::redis {

namespace {

constexpr std::size_t most_together = 2;

EndpointOptions as_only_server(EndpointOptions options) {
  options.only_server = true;
  return options;
}

}  // namespace

SingleTopology::SingleTopology(EndpointOptions options, std::string label, std::shared_ptr<ILogger> logger)
    : changes_(options.changes),
      endpoint_(as_only_server(std::move(options)), std::move(label), std::move(logger)) {}

void SingleTopology::do_start() {
  endpoint_.start();
}

void SingleTopology::do_await_started() {
  endpoint_.await_started();
}

void SingleTopology::do_stop() noexcept {
  endpoint_.stop();
}

Health SingleTopology::do_health() const {
  return endpoint_.health();
}

std::vector<RedisEndpointStatistics> SingleTopology::do_statistics() const {
  return {endpoint_.statistics()};
}

Status SingleTopology::do_execute(const Command& command, const Routing&, Reply& reply, CallTime time) {
  Status status = endpoint_.call(command, reply, time);
  if (status.ok() && reply.kind == ReplyKind::error) heed(reply);
  return status;
}

void SingleTopology::heed(Reply& error) {
  if (heed_only_server(error)) endpoint_.renew();
}

void SingleTopology::do_execute_all(std::span<Request> requests, CallTime time) {
  std::vector<Command> commands;
  std::vector<Reply*> replies;
  commands.reserve(requests.size());
  replies.reserve(requests.size());
  for (auto& request : requests) {
    commands.push_back(request.command);
    replies.push_back(&request.reply);
    request.reply.kind = ReplyKind::none;
  }
  const Status status = endpoint_.call(commands, replies, time);
  for (auto& request : requests) {
    ServerBatch::end(request, status, endpoint_);
    if (request.status.ok() && request.reply.kind == ReplyKind::error) heed(request.reply);
  }
}

Status SingleTopology::do_execute_together(std::span<const Command> commands, std::span<Reply> replies,
                                           CallTime time, std::uint16_t& server) {
  if (commands.size() != most_together) return Topology::do_execute_together(commands, replies, time, server);
  const std::array<Reply*, most_together> places{&replies[0], &replies[1]};
  Status status = endpoint_.call(commands, places, time);
  server = endpoint_.number();
  for (auto& reply : replies)
    if (reply.kind == ReplyKind::error) heed(reply);
  return status;
}

Status SingleTopology::do_for_each_master(const Visit& visit, CallTime) {
  Status status = visit(endpoint_);
  if (!status.ok() && status.error().code() == ErrorCode::refused) {
    Reply answer;
    answer.value.assign(status.error().message());
    heed(answer);
  }
  return status;
}

}  // namespace cachesite::redis
