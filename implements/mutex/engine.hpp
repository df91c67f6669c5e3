#pragma once

#include "basics/fork_mark.hpp"
#include "basics/owner_names.hpp"
#include "coroutines/loop_access.hpp"
#include "coroutines/routine.hpp"
#include "mutex/acquisition.hpp"
#include "mutex/backend.hpp"
#include "mutex/lease_keeper.hpp"
#include "mutex/lock_line.hpp"

#include <cachesite/clock.hpp>
#include <cachesite/logger.hpp>
#include <cachesite/mutex.hpp>

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite::mutex {

struct EngineOptions {
  /// Length of a lease whose request gives none.
  std::chrono::milliseconds expire{30'000};
  /// How long a backend may fail on end before those who wait are told.
  std::chrono::milliseconds outage_patience{5'000};
  std::string label;
  std::shared_ptr<ILogger> logger;
  /// The machine's when there is none.
  std::shared_ptr<const IClock> clock;
};

/// What every mutex site does: lines of those who wait, held locks, and their renewal, over some backend. In
/// a forked child calls end with `closed`, and what the parent holds stays its own.
class Engine : public std::enable_shared_from_this<Engine> {
 public:
  using Taken = Result<std::shared_ptr<IMutexLease>>;
  using Patience = std::optional<std::chrono::milliseconds>;

  Engine(std::unique_ptr<Backend> backend, EngineOptions options);

  [[nodiscard]] std::shared_ptr<IMutex> make_mutex(std::string_view name, bool reentrant);
  Taken take(const std::shared_ptr<LockLine>& line, const MutexRequest& request, bool reentrant);
  /// The same without a thread that waits. The lease belongs to no thread.
  coroutines::Routine<Taken> async_take(std::shared_ptr<LockLine> line, MutexRequest request,
                                        Patience patience, std::stop_token cancelled);
  Result<std::vector<MutexHolder>> holders(const LockLine& line);
  Result<bool> renew(HeldLock& held_lock);
  Result<bool> release(const std::shared_ptr<HeldLock>& held_lock) noexcept;
  coroutines::Routine<Result<bool>> async_release(std::shared_ptr<HeldLock> held_lock, Patience patience,
                                                  std::stop_token stop);
  /// Where asynchronous calls go on.
  [[nodiscard]] coroutines::LoopAccess loop();
  void stop() noexcept;
  /// Renews, notices and gives back what is due by the clock.
  void attend() noexcept { keeper_.attend(); }

 private:
  std::shared_ptr<LockLine> line_of(std::string_view name);
  [[nodiscard]] TimePoint deadline_of(const MutexRequest& request) const;
  std::shared_ptr<HeldLock> new_held_lock(const std::shared_ptr<LockLine>& line, const MutexRequest& request,
                                          HeldLock::CallerId holder);
  [[nodiscard]] Acquisition::Surroundings surroundings();
  void finish_release(const std::shared_ptr<HeldLock>& held_lock, bool answered) noexcept;
  coroutines::Routine<Result<bool>> await_turn(const LockLine::Waiter& waiter, coroutines::Pause& pause,
                                               TimePoint deadline, std::stop_token stop);

  const std::unique_ptr<Backend> backend_;
  const EngineOptions options_;
  basics::OwnerNames owners_;
  std::stop_source stopping_;
  const basics::ForkMark fork_mark_;
  std::mutex mutex_;
  std::map<std::string, std::weak_ptr<LockLine>, std::less<>> lines_;
  std::size_t lines_to_sweep_ = 64;
  LeaseKeeper keeper_;
};

}  // namespace cachesite::mutex
