#include "redis/cache/server_batch_request.hpp"

#include <exception>
#include <span>
#include <utility>

namespace cachesite {

bool RedisCache::ServerBatchRequest::begin(IEventLoop& loop) {
  time_ = inner_.call_time(call_);
  call_.keep_arguments();
  return !call_.suspend(*this, loop) || go_on();
}

void RedisCache::ServerBatchRequest::ended() noexcept {
  end_round();
  if (go_on()) call_.resume();
}

bool RedisCache::ServerBatchRequest::go_on() noexcept {
  for (;;) {
    requests_ = rounds_.begin();
    if (requests_.empty()) return true;
    if (const auto error = inner_.why_not(time_.rest())) {
      rounds_.fail(*error);
      continue;
    }
    if (!batch_.begin(*inner_.link.topology, requests_, time_.rest(), *this)) return false;
    end_round();
  }
}

void RedisCache::ServerBatchRequest::end_round() noexcept {
  try {
    for (auto& request : requests_)
      request.status = Inner::judge(std::move(request.status), request.reply);
  } catch (const std::exception&) {
    return rounds_.fail(Error(ErrorCode::no_memory, "", Outcome::unknown));
  }
  rounds_.end();
}

}  // namespace cachesite
