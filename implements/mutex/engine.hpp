#pragma once

#include "basics/fork_mark.hpp"
#include "basics/owner_names.hpp"
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
  Engine(std::unique_ptr<Backend> backend, EngineOptions options);

  [[nodiscard]] std::shared_ptr<IMutex> make_mutex(std::string_view name, bool reentrant);
  Result<std::shared_ptr<IMutexLease>> take(const std::shared_ptr<LockLine>& line,
                                            const MutexRequest& request, bool reentrant);
  Result<std::vector<MutexHolder>> holders(const LockLine& line);
  Result<bool> renew(HeldLock& held_lock);
  Result<bool> release(const std::shared_ptr<HeldLock>& held_lock) noexcept;
  void stop() noexcept;
  /// Renews, notices and gives back what is due by the clock.
  void attend() noexcept { keeper_.attend(); }

 private:
  class Acquisition;
  std::shared_ptr<LockLine> line_of(std::string_view name);
  [[nodiscard]] TimePoint deadline_of(const MutexRequest& request) const;
  std::shared_ptr<HeldLock> new_held_lock(const std::shared_ptr<LockLine>& line, const MutexRequest& request);

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
