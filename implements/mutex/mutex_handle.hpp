#pragma once

#include "mutex/engine.hpp"

#include <cachesite/mutex.hpp>

#include <chrono>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace cachesite::mutex {

/// What a user holds of a mutex, with the leases that it keeps for threads.
class MutexHandle final : public IMutex {
 public:
  MutexHandle(std::shared_ptr<Engine> engine, std::shared_ptr<LockLine> line, bool reentrant)
      : engine_(std::move(engine)), line_(std::move(line)), reentrant_(reentrant) {}

  [[nodiscard]] const std::string& name() const noexcept override { return line_->name(); }
  Result<std::vector<MutexHolder>> holders() noexcept override;

 protected:
  Result<std::shared_ptr<IMutexLease>> do_take(const MutexRequest& request) override;
  std::unique_ptr<AsyncTake> do_make_take(const MutexRequest& request,
                                          std::optional<std::chrono::milliseconds> patience) override;
  Result<bool> keep_for_thread(const MutexRequest& request) noexcept override;
  Result<bool> release_for_thread(std::optional<MutexMode> mode) noexcept override;

 private:
  struct KeptLease {
    std::thread::id thread;
    MutexMode mode;
    std::shared_ptr<IMutexLease> lease;
  };

  const std::shared_ptr<Engine> engine_;
  const std::shared_ptr<LockLine> line_;
  const bool reentrant_;
  const basics::ForkMark fork_mark_;
  std::mutex mutex_;
  std::list<KeptLease> kept_;
};

}  // namespace cachesite::mutex
