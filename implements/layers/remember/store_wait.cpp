#include "layers/remember/store_wait.hpp"

#include <cachesite/component.hpp>
#include <cachesite/detail/guarded_call.hpp>

#include <utility>

namespace cachesite::remembering {

StoreWait::StoreWait(FlightTable::FlightList flights)
    : flights_(std::move(flights)), reactor_(*find_interface<event_loop::IReactor>(*loop_)) {}

StoreWait::~StoreWait() {
  reactor_.disarm(*this);
}

bool StoreWait::begin(AsyncRequest& request) {
  const auto self = shared_from_this();
  const auto deadline = request.deadline(reactor_.now());
  if (!request.suspend(*this, *loop_)) return true;
  try {
    for (const auto& flight : flights_) {
      left_.fetch_add(1);
      if (!flight->watch_store(self)) left_.fetch_sub(1);
    }
  } catch (...) {
    leave();
    request.request().fail(thrown_failure());
    return true;
  }
  request_.store(&request);
  if (deadline) reactor_.arm(*this, *deadline);
  stored();
  return false;
}

void StoreWait::stored() noexcept {
  if (left_.fetch_sub(1) != 1) return;
  AsyncRequest* const request = take();
  if (request == nullptr) return;
  all_stored_ = true;
  request->resume();
}

// It may be on its way to its end, which then waits for this.
void StoreWait::expire() noexcept {
  if (const auto self = weak_from_this().lock())
    (void)fail(Error(ErrorCode::timeout, "the call has taken longer than its caller waits"));
}

bool StoreWait::cancel(AsyncRequest&) noexcept {
  const auto self = shared_from_this();
  return fail(Error(ErrorCode::closed, "the caller has asked for the end of the call"));
}

bool StoreWait::abandon(AsyncRequest&) noexcept {
  if (take() == nullptr) return false;
  leave();
  return true;
}

void StoreWait::leave() noexcept {
  for (const auto& flight : flights_)
    flight->unwatch_store(*this);
}

bool StoreWait::fail(const Error& error) noexcept {
  AsyncRequest* const request = take();
  if (request == nullptr) return false;
  leave();
  request->request().fail(error);
  request->resume();
  return true;
}

}  // namespace cachesite::remembering
