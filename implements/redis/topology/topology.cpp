#include "redis/topology/topology.hpp"

#include <cstddef>
#include <utility>

namespace cachesite::redis {

Status Topology::do_execute_together(std::span<const Command> commands, std::span<Reply> replies,
                                     CallTime time, std::uint16_t& server) {
  std::vector<Request> requests(commands.size());
  for (std::size_t place = 0; place < requests.size(); ++place) {
    requests[place].command = commands[place];
    requests[place].routing.only_reads = true;
    requests[place].reply.value = std::move(replies[place].value);
  }
  do_execute_all(requests, time);
  Status status = Done{};
  server = requests.front().server;
  for (std::size_t place = requests.size(); place-- > 0;) {
    auto& request = requests[place];
    replies[place] = std::move(request.reply);
    if (request.server != server) server = Request::no_server;
    if (request.status.ok()) continue;
    replies[place].kind = ReplyKind::none;
    status = std::move(request.status);
  }
  return status;
}

}  // namespace cachesite::redis
