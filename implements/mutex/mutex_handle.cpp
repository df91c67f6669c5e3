#include "mutex/mutex_handle.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace cachesite::mutexes {

Result<std::vector<MutexHolder>> MutexHandle::holders() noexcept {
  try {
    return engine_->holders(*line_);
  } catch (const std::exception&) {
    return Error(ErrorCode::no_memory);
  }
}

Result<std::shared_ptr<IMutexLease>> MutexHandle::do_take(const MutexRequest& request) {
  return engine_->take(line_, request, reentrant_);
}

Result<bool> MutexHandle::keep_for_thread(const MutexRequest& request) noexcept {
  auto taken = take(request);
  if (!taken.ok()) return taken.error();
  if (!taken.value()) return false;
  try {
    std::vector<std::shared_ptr<IMutexLease>> lost;  // goes without the lock
    const std::lock_guard lock(mutex_);
    const auto thread = std::this_thread::get_id();
    std::erase_if(kept_, [&](Kept& kept) {
      if (kept.thread != thread || kept.lease->held()) return false;
      lost.push_back(std::move(kept.lease));
      return true;
    });
    kept_.push_back({thread, request.mode, std::move(taken).value()});
    return true;
  } catch (const std::exception&) {
    return Error(ErrorCode::no_memory);
  }
}

Result<bool> MutexHandle::release_for_thread(std::optional<MutexMode> mode) noexcept {
  std::shared_ptr<IMutexLease> lease;
  {
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(kept_.rbegin(), kept_.rend(), [&](const Kept& kept) {
      return kept.thread == std::this_thread::get_id() && (!mode || kept.mode == *mode);
    });
    if (found == kept_.rend()) return false;
    lease = std::move(found->lease);
    kept_.erase(std::next(found).base());
  }
  return lease->release();
}

}  // namespace cachesite::mutexes
