#pragma once

#include "async/owned_request.hpp"
#include "event_loop/reactor.hpp"

#include <cachesite/async_request.hpp>
#include <cachesite/cache.hpp>

#include <cstdint>
#include <list>
#include <memory>

namespace cachesite::async {

class Workers;
class WorkerCall;
using WorkerCalls = std::list<WorkerCall>;

/// With whom a request waits for its worker. Part of the request.
class WorkerSeat final : public AsyncHolder {
 public:
  explicit WorkerSeat(std::shared_ptr<Workers> workers) noexcept : workers_(std::move(workers)) {}

  bool cancel(AsyncRequest& request) noexcept override;
  bool abandon(AsyncRequest& request) noexcept override;

 private:
  friend class Workers;
  const std::shared_ptr<Workers> workers_;
  WorkerCall* call_ = nullptr;  // while it has the request
};

/// A call that a worker makes. It owns all that it needs, so its caller may go on before.
///
///     queued    in line                   a worker takes it -> running; its caller goes on -> gone
///     running   the cache is called       the cache has answered -> gone
///
/// Its caller goes on when the cache has answered, at its deadline, or when it has asked for the end; whichever
/// is first takes the caller away, so that nobody else does. A call that is running for a cache that nobody
/// owns lets its caller go on only when the cache has answered.
class WorkerCall final : public event_loop::Timer {
 public:
  enum class State : std::uint8_t { queued, running };

  /// Throws std::bad_alloc.
  WorkerCall(Workers& workers, ICache& cache, AsyncRequest& caller, WorkerSeat& seat,
             std::shared_ptr<IEventLoop> loop);
  WorkerCall(const WorkerCall&) = delete;
  WorkerCall& operator=(const WorkerCall&) = delete;
  ~WorkerCall();

  void expire() noexcept override;

 private:
  friend class Workers;

  Workers& workers_;
  ICache& cache_;
  const std::shared_ptr<ICache> owner_;
  const std::shared_ptr<IEventLoop> loop_;
  event_loop::IReactor& reactor_;
  OwnedRequest request_;

  // Guarded by the mutex of the workers.
  State state_ = State::queued;
  AsyncRequest* caller_;
  WorkerSeat* seat_;
  WorkerCalls::iterator place_{};  // while it is queued
};

}  // namespace cachesite::async
