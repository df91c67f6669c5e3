#pragma once

#include "event_loop/reactor.hpp"
#include "layers/remember/remember_call.hpp"

#include <cachesite/detail/pending_computation.hpp>

#include <atomic>
#include <memory>

namespace cachesite {

/// A call of `async_remember` whose value is missing, or due. It shares flights with blocking calls.
///
///     in line     for a worker, where the store may wait                              begin_elsewhere()
///     looking     only where a plain read does not tell all: with envelopes, far_soft     begin()
///     deciding    as a blocking call: remembered failure, throttle, stale value      begin(), look()
///     leading     a worker computes, or the awaitable of the factory is awaited      the first who asks
///     watching    the flight of its own, or of another                               watch()
///     passed on   another AsyncComputation computes apart, after `wait`               compute_apart()
///     answered    by the end of the flight, or at one of its limits; at the deadline also before it watches
///
/// The end of the flight and the timer may come at once: the first answer counts. One that is in line
/// when the cache stops is answered with `closed`.
class RememberCache::AsyncComputation final : public remembering::FlightWatcher,
                                              public event_loop::Timer,
                                              public std::enable_shared_from_this<AsyncComputation> {
 public:
  /// Throws std::bad_alloc.
  AsyncComputation(RememberCache& cache, std::shared_ptr<detail::PendingComputation> pending);
  AsyncComputation(const AsyncComputation&) = delete;
  AsyncComputation& operator=(const AsyncComputation&) = delete;
  ~AsyncComputation();

  void begin();
  /// On a worker. False when there is none for it.
  bool begin_elsewhere();
  void landed(const Lookup& result) noexcept override;
  void expire() noexcept override;

  /// Threads that compute for asynchronous calls, and store what awaitables have given.
  static constexpr basics::Crew::Limits worker_limits{32, 4096};

 private:
  using Flight = remembering::Flight;
  using FlightTable = remembering::FlightTable;

  [[nodiscard]] static Computation computation_of(const Inner& inner,
                                                  const detail::PendingComputation& pending);
  void begin_by_worker() noexcept;
  std::optional<Lookup> look();
  std::optional<Lookup> decide();
  std::optional<Lookup> decide_without_entry();
  std::optional<Lookup> board();
  void lead(const std::shared_ptr<Flight>& flight, bool look_again);
  void watch(std::shared_ptr<Flight> flight, bool own);
  void arm();
  Lookup answer_while_reading();
  std::optional<Lookup> answer_at_limit();
  void compute_apart();
  void answer(Lookup lookup) noexcept;

  RememberCache& cache_;
  Inner& inner_;
  const std::shared_ptr<ICache> owner_;
  const std::shared_ptr<detail::PendingComputation> pending_;
  const Computation computation_;
  RememberCall call_;
  const std::shared_ptr<IEventLoop> loop_;
  event_loop::IReactor& reactor_;
  std::atomic<bool> watches_{false};
  std::shared_ptr<Flight> flight_;  // once it watches
  bool own_ = false;
  bool soft_ = false;
  bool in_line_ = false;
};

}  // namespace cachesite
