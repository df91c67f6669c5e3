#include <cachesite/detail/guarded_call.hpp>
#include <cachesite/mutex.hpp>

#include <memory>
#include <optional>

namespace cachesite {

namespace {

MutexRequest limited(MutexMode mode, TimeSpan limit) {
  MutexRequest request;
  request.mode = mode;
  request.wait = limit;
  return request;
}

}  // namespace

Result<std::shared_ptr<IMutexLease>> IMutex::take(const MutexRequest& request) noexcept {
  if (request.expire && !request.expire->expires())
    return Error(ErrorCode::bad_argument, "a lease is 1 ms to 10 years long");
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
