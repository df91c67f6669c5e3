#include <cachesite/async_call.hpp>
#include <cachesite/detail/guarded_call.hpp>
#include <cachesite/detail/result_at_hand.hpp>
#include <cachesite/mutex.hpp>
#include <cachesite/mutex_guard.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

namespace cachesite {

namespace {

MutexRequest limited(MutexMode mode, TimeSpan limit) {
  MutexRequest request;
  request.mode = mode;
  request.wait = limit;
  return request;
}

using Lease = std::shared_ptr<IMutexLease>;
using Patience = std::optional<std::chrono::milliseconds>;

std::optional<Error> complaint(const MutexRequest& request) {
  if (!request.expire || request.expire->expires()) return std::nullopt;
  return Error(ErrorCode::bad_argument, "a lease is 1 ms to 10 years long");
}

}  // namespace

AsyncCall<Result<bool>> IMutexLease::async_release(const CallOptions& options) {
  return detail::late_call<Result<bool>>(
      options, [this, patience = options.patience] { return do_make_release(patience); });
}

std::unique_ptr<IMutexLease::AsyncRelease> IMutexLease::do_make_release(Patience) {
  return nullptr;
}

AsyncCall<Result<bool>> MutexGuard::async_release(const CallOptions& options) {
  return detail::late_call<Result<bool>>(
      options, [lease = std::exchange(lease_, nullptr), patience = options.patience] {
        return lease ? lease->do_make_release(patience) : detail::result_at_hand<Result<bool>>(false);
      });
}

AsyncCall<Result<Lease>> IMutex::async_take(const MutexRequest& request, const CallOptions& options) {
  return detail::late_call<Result<Lease>>(
      options, [this, request, patience = options.patience]() -> std::unique_ptr<AsyncTake> {
        if (auto problem = complaint(request)) return detail::result_at_hand<Result<Lease>>(*problem);
        return do_make_take(request, patience);
      });
}

std::unique_ptr<IMutex::AsyncTake> IMutex::do_make_take(const MutexRequest&, Patience) {
  return nullptr;
}

Result<std::shared_ptr<IMutexLease>> IMutex::take(const MutexRequest& request) noexcept {
  if (auto problem = complaint(request)) return *problem;
  return guarded_call<std::shared_ptr<IMutexLease>>([&] { return do_take(request); });
}

bool IMutex::release() noexcept {
  return release_for_thread(std::nullopt).value_or(false);
}

void IMutex::lock() {
  (void)keep_or_throw({});
}

bool IMutex::try_lock() {
  return try_lock_for(TimeSpan());
}

bool IMutex::try_lock_for(TimeSpan limit) {
  return keep_or_throw(limited(MutexMode::exclusive, limit));
}

void IMutex::unlock() noexcept {
  (void)release_for_thread(MutexMode::exclusive);
}

bool IMutex::try_lock_shared() {
  return try_lock_shared_for(TimeSpan());
}

bool IMutex::try_lock_shared_for(TimeSpan limit) {
  return keep_or_throw(limited(MutexMode::shared, limit));
}

void IMutex::unlock_shared() noexcept {
  (void)release_for_thread(MutexMode::shared);
}

void IMutex::lock_shared() {
  MutexRequest request;
  request.mode = MutexMode::shared;
  (void)keep_or_throw(request);
}

bool IMutex::keep_or_throw(const MutexRequest& request) {
  const auto kept = keep_for_thread(request);
  if (!kept.ok()) throw MutexError(kept.error());
  return kept.value();
}

bool IMutex::acquire_for_thread(TimeToLive expire, MutexMethod method) noexcept {
  MutexRequest request;
  request.expire = expire;
  request.renew = false;
  if (method == MutexMethod::non_blocking) request.wait = TimeSpan();
  return keep_for_thread(request).value_or(false);
}

}  // namespace cachesite
