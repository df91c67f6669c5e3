#include "mutex/backend.hpp"

namespace cachesite::mutex {

using coroutines::Routine;

Routine<Result<AttemptResult>> Backend::async_attempt(const Claim& claim, bool will_wait, bool has_waited,
                                                      Limit limit, std::stop_token) {
  co_return attempt(claim, will_wait, has_waited, limit);
}

Routine<Status> Backend::async_give_up(const Claim& claim, Limit limit) {
  give_up(claim, limit);
  co_return Done{};
}

Routine<Result<bool>> Backend::async_release(const Claim& claim, Limit limit, std::stop_token) {
  co_return release(claim, limit);
}

std::chrono::milliseconds Backend::pause_after(const AttemptResult&) const noexcept {
  return std::chrono::milliseconds(50);
}

coroutines::LoopAccess Backend::loop() {
  return coroutines::LoopAccess::shared();
}

}  // namespace cachesite::mutex
