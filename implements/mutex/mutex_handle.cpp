#include "mutex/mutex_handle.hpp"

#include "basics/inherited.hpp"
#include "coroutines/routine_operation.hpp"

#include <cachesite/detail/guarded_call.hpp>

#include <algorithm>
#include <utility>

namespace cachesite::mutex {

Result<std::vector<MutexHolder>> MutexHandle::holders() noexcept {
  return guarded_call<std::vector<MutexHolder>>([&] { return engine_->holders(*line_); });
}

Result<std::shared_ptr<IMutexLease>> MutexHandle::do_take(const MutexRequest& request) {
  return engine_->take(line_, request, reentrant_);
}

std::unique_ptr<IMutex::AsyncTake> MutexHandle::do_make_take(
    const MutexRequest& request, std::optional<std::chrono::milliseconds> patience) {
  return coroutines::make_operation<Engine::Taken>(
      engine_->loop(), [engine = engine_, line = line_, request, patience](std::stop_token cancelled) {
        return engine->async_take(line, request, patience, std::move(cancelled));
      });
}

Result<bool> MutexHandle::keep_for_thread(const MutexRequest& request) noexcept {
  return guarded_call<bool>([&]() -> Result<bool> {
    const auto thread = std::this_thread::get_id();
    std::list<KeptLease> kept{{thread, request.mode, nullptr}};
    auto taken = take(request);
    if (!taken.ok()) return taken.error();
    if (!taken.value()) return false;
    kept.front().lease = std::move(taken).value();
    std::list<KeptLease> lost;  // goes without the lock
    const std::lock_guard lock(mutex_);
    for (auto next = kept_.begin(); next != kept_.end();) {
      const auto one = next++;
      if (one->thread == thread && !one->lease->held()) lost.splice(lost.end(), kept_, one);
    }
    kept_.splice(kept_.end(), kept);
    return true;
  });
}

Result<bool> MutexHandle::release_for_thread(std::optional<MutexMode> mode) noexcept {
  if (fork_mark_.forked()) return basics::forked_error();
  std::shared_ptr<IMutexLease> lease;
  {
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(kept_.rbegin(), kept_.rend(), [&](const KeptLease& kept) {
      return kept.thread == std::this_thread::get_id() && (!mode || kept.mode == *mode);
    });
    if (found == kept_.rend()) return false;
    lease = std::move(found->lease);
    kept_.erase(std::next(found).base());
  }
  return lease->release();
}

}  // namespace cachesite::mutex
