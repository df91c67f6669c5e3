#include "redis/topology/server_batch.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace cachesite::redis {

void ServerBatch::send(Endpoint& endpoint) {
  commands_.reserve(requests_.size());
  for (Request* const request : requests_) {
    commands_.push_back(request->command);
    request->reply.kind = ReplyKind::none;
  }
  sent_ = endpoint.send(commands_);
}

void ServerBatch::collect(Endpoint& endpoint, CallTime time) {
  std::vector<Reply*> replies;
  replies.reserve(requests_.size());
  for (Request* const request : requests_)
    replies.push_back(&request->reply);
  const Status status = endpoint.collect(std::move(sent_), commands_, replies, time);
  for (Request* const request : requests_)
    end(*request, status, endpoint);
}

void ServerBatch::end(Request& request, const Status& status, const Endpoint& endpoint) {
  request.status = request.reply.kind == ReplyKind::none ? status : Status(Done{});
  request.server = endpoint.number();
}

TimePoint ServerBatch::deadline(CallTime time, std::size_t place, std::size_t count) noexcept {
  constexpr std::chrono::milliseconds longest_reserve{50};
  const auto reserve = std::min<SteadyTime::duration>((time.deadline - time.begin) / 10, longest_reserve);
  const auto behind = static_cast<SteadyTime::rep>(count - 1 - place);
  return time.deadline - reserve * behind / static_cast<SteadyTime::rep>(count);
}

}  // namespace cachesite::redis
