#include "redis/topology/single_topology.hpp"

#include "redis/topology/server_batch.hpp"
#include "redis/wire/only_server.hpp"

#include <utility>

namespace cachesite::redis {

namespace {

EndpointOptions as_only_server(EndpointOptions options) {
  options.only_server = true;
  return options;
}

}  // namespace

SingleTopology::SingleTopology(EndpointOptions options, std::string label, std::shared_ptr<ILogger> logger)
    : endpoint_(as_only_server(std::move(options)), std::move(label), std::move(logger)) {}

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
  ServerBatch all;
  for (auto& request : requests)
    all.add(request);
  all.send(endpoint_);
  all.collect(endpoint_, time);
  for (auto& request : requests)
    if (request.status.ok() && request.reply.kind == ReplyKind::error) heed(request.reply);
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
