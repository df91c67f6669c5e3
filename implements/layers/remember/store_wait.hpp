#pragma once

#include "event_loop/reactor.hpp"
#include "layers/remember/flight_table.hpp"

#include <cachesite/async_request.hpp>
#include <cachesite/event_loop.hpp>

#include <atomic>
#include <cstddef>
#include <memory>

namespace cachesite::remembering {

/// A request that waits until flights do not store any more.
///
///     waiting   told by each flight          begin()
///     over      the request goes on: all have told, its time is over, or it is cancelled or abandoned;
///               whoever is first takes it, so that nobody else does
class StoreWait final : public StoreWatcher,
                        public AsyncHolder,
                        public event_loop::Timer,
                        public std::enable_shared_from_this<StoreWait> {
 public:
  explicit StoreWait(FlightTable::FlightList flights);
  StoreWait(const StoreWait&) = delete;
  StoreWait& operator=(const StoreWait&) = delete;
  ~StoreWait();

  /// The step that was added last goes on with the request, perhaps at once; it keeps this alive. True when the request
  /// has its answer already.
  bool begin(AsyncRequest& request);
  /// For that step. False: the request has failed before.
  [[nodiscard]] bool all_stored() const noexcept { return all_stored_; }

  void stored() noexcept override;
  void expire() noexcept override;
  bool cancel(AsyncRequest& request) noexcept override;
  bool abandon(AsyncRequest& request) noexcept override;

 private:
  [[nodiscard]] AsyncRequest* take() noexcept { return request_.exchange(nullptr); }
  void leave() noexcept;
  bool fail(const Error& error) noexcept;

  const FlightTable::FlightList flights_;
  const std::shared_ptr<IEventLoop> loop_ = EventLoop::shared();
  event_loop::IReactor& reactor_;
  std::atomic<std::size_t> left_{1};  // flights that have not told, and `begin`
  std::atomic<AsyncRequest*> request_{nullptr};
  bool all_stored_ = false;
};

}  // namespace cachesite::remembering
