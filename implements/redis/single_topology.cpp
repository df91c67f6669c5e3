#include "redis/single_topology.hpp"

#include <utility>
#include <vector>

namespace cachesite::redis {

SingleTopology::SingleTopology(EndpointOptions options, std::string label, std::shared_ptr<ILogger> logger)
    : endpoint_(std::move(options), std::move(label), std::move(logger)) {}

void SingleTopology::start() {
  endpoint_.start();
}

void SingleTopology::await_started() {
  endpoint_.await_started();
}

void SingleTopology::stop() noexcept {
  endpoint_.stop();
}

Health SingleTopology::health() const {
  return endpoint_.health();
}

std::vector<RedisEndpointStatistics> SingleTopology::statistics() const {
  return {endpoint_.statistics()};
}

Status SingleTopology::execute(const Command& command, const Routing&, Reply& reply, CallTime time) {
  return endpoint_.call(command, reply, time);
}

void SingleTopology::execute_all(std::span<Request> requests, CallTime time) {
  std::vector<Request*> all;
  all.reserve(requests.size());
  for (auto& request : requests)
    all.push_back(&request);
  execute_on(endpoint_, all, time);
}

Status SingleTopology::for_each_master(const Visit& visit, CallTime) {
  return visit(endpoint_);
}

void execute_on(Endpoint& endpoint, std::span<Request* const> requests, CallTime time) {
  std::vector<Command> commands;
  std::vector<Reply> replies(requests.size());
  commands.reserve(requests.size());
  for (std::size_t index = 0; index < requests.size(); ++index) {
    commands.push_back(requests[index]->command);
    replies[index].value = std::move(requests[index]->reply.value);
  }
  const Status status = endpoint.call(commands, replies, time);
  for (std::size_t index = 0; index < requests.size(); ++index) {
    requests[index]->status = status;
    requests[index]->reply = std::move(replies[index]);
  }
}

}  // namespace cachesite::redis
