#pragma once

#include "layers/remember/async_computation.hpp"

#include <cachesite/detail/async_factory.hpp>
#include <cachesite/mutex.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <string>

namespace cachesite {

/// A computation by a factory that gives an awaitable. It goes on when its caller is gone.
///
///     preparing   reads again, takes the lock        begin(); on a worker when that may wait
///     awaiting    no thread is held                  the awaitable has its result: made()
///     storing     stores and lands                   on a worker when that may wait
class RememberCache::AsyncLead final : public detail::FactoryEnd,
                                       public std::enable_shared_from_this<AsyncLead> {
 public:
  /// Throws std::bad_alloc.
  AsyncLead(RememberCache& cache, std::shared_ptr<ICache> owner, const detail::PendingComputation& pending,
            Computation computation, std::shared_ptr<remembering::Flight> flight);
  AsyncLead(const AsyncLead&) = delete;
  AsyncLead& operator=(const AsyncLead&) = delete;
  /// An awaitable that was dropped.
  ~AsyncLead();

  void begin(bool look_again, const RememberCall& asked);
  void made(Result<Computed> result) noexcept override;

 private:
  void prepare(bool look_again) noexcept;
  void finish() noexcept;
  void land(const Lookup& result) noexcept;
  template <class Step>
  void run_where_it_may_wait(bool waits, Step step) noexcept;

  RememberCache& cache_;
  Inner& inner_;
  const std::shared_ptr<ICache> owner_;
  const std::string key_;
  const Computation computation_;
  const std::shared_ptr<detail::AsyncFactory> factory_;
  const std::shared_ptr<remembering::Flight> flight_;
  RememberCall call_;
  std::shared_ptr<IMutexLease> lease_;
  IClock::TimePoint begun_{};  // the factory
  std::optional<Result<Computed>> made_;
  std::atomic<bool> landed_{false};
};

}  // namespace cachesite
