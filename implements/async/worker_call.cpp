#include "async/worker_call.hpp"

#include "async/workers.hpp"

#include <cachesite/component.hpp>

#include <utility>

namespace cachesite::async {

WorkerCall::WorkerCall(Workers& workers, ICache& cache, AsyncRequest& caller, WorkerSeat& seat,
                       std::shared_ptr<IEventLoop> loop)
    : workers_(workers),
      cache_(cache),
      owner_(cache.weak_from_this().lock()),
      loop_(std::move(loop)),
      reactor_(*find_interface<event_loop::IReactor>(*loop_)),
      request_(caller.request()),
      caller_(&caller),
      seat_(&seat) {}

WorkerCall::~WorkerCall() {
  reactor_.disarm(*this);
}

void WorkerCall::expire() noexcept {
  workers_.expire(*this);
}

bool WorkerSeat::cancel(AsyncRequest&) noexcept {
  return workers_->cancel(*this);
}

bool WorkerSeat::abandon(AsyncRequest&) noexcept {
  return workers_->abandon(*this);
}

}  // namespace cachesite::async
