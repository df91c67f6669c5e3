#pragma once

#include <cachesite/cache_request.hpp>
#include <cachesite/component.hpp>
#include <cachesite/detail/async_call_names.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite {

class AsyncRequest;
class CacheLayer;
class ICache;

namespace async {
class CacheAccess;
}

/// The asynchronous calls of ICache. Include <cachesite/async_call.hpp> to use them: it has AsyncCall, which
/// says how a call is made and consumed, and CallOptions.
///
///     auto found = co_await cache->async_get("user:42");
///     cache->async_set_value("user:42", "Ada", 30min).start([](bool stored) { ... });
///     const auto now = cache->async_get("user:42", {.patience = 50ms}).wait();
///
/// Each does what the call without `async_` does, through the same layers; the arguments follow the same
/// rules, which are checked when the call begins. The arguments have to be valid until the call has begun, which
/// it has once `co_await`, `start`, `future` or `wait` has taken over; nothing of them is read later. The
/// result never throws: a call that ends with its patience is a `timeout`, one that was cancelled is
/// `closed`, and its `Outcome` tells whether it may have been carried out.
///
/// A cache that never waits, such as a MemoryCache, ends the call at once, on the calling thread. One without an
/// asynchronous form of its own, such as a class of your own, is called on a thread of a shared pool: of 32
/// threads at most, with at most 4096 calls in line, beyond which a call ends with `refused`.
///
/// The cache has to be owned by a std::shared_ptr, or to exist until its calls have ended. A cache that is
/// waited for keeps itself alive.
class AsyncCacheCalls : public Interface<ICache, "ICache">, public std::enable_shared_from_this<ICache> {
  using Keys = std::span<const std::string_view>;
  using Options = CallOptions;

 public:
  [[nodiscard]] AsyncCall<std::optional<Value>> async_get_value(
      std::string_view key, const Options& options = detail::usual_call_options);
  [[nodiscard]] AsyncCall<bool> async_set_value(std::string_view key, std::optional<ByteView> value,
                                                TimeToLive expire = TimeToLive::unspecified(),
                                                const Options& options = detail::usual_call_options);
  [[nodiscard]] AsyncCall<Lookup> async_get(std::string_view key,
                                            const Options& options = detail::usual_call_options);
  /// `destination` is written when the caller goes on, and has to exist until then.
  [[nodiscard]] AsyncCall<Result<Found>> async_read(std::string_view key, Value& destination,
                                                    const Options& options = detail::usual_call_options);
  [[nodiscard]] AsyncCall<Status> async_write(std::string_view key, std::optional<ByteView> value,
                                              TimeToLive time_to_live = TimeToLive::unspecified(),
                                              const Options& options = detail::usual_call_options);
  [[nodiscard]] AsyncCall<Result<bool>> async_add(std::string_view key, std::optional<ByteView> value,
                                                  TimeToLive time_to_live = TimeToLive::unspecified(),
                                                  const Options& options = detail::usual_call_options);
  [[nodiscard]] AsyncCall<Result<bool>> async_replace(std::string_view key, std::optional<ByteView> value,
                                                      TimeToLive time_to_live = TimeToLive::unspecified(),
                                                      const Options& options = detail::usual_call_options);
  [[nodiscard]] AsyncCall<Result<std::int64_t>> async_increment(
      std::string_view key, std::int64_t by, TimeToLive time_to_live = TimeToLive::unspecified(),
      const Options& options = detail::usual_call_options);
  [[nodiscard]] AsyncCall<Result<bool>> async_remove(std::string_view key,
                                                     const Options& options = detail::usual_call_options);
  [[nodiscard]] AsyncCall<Result<bool>> async_contains(std::string_view key,
                                                       const Options& options = detail::usual_call_options);
  [[nodiscard]] AsyncCall<Result<Remaining>> async_time_to_live(
      std::string_view key, const Options& options = detail::usual_call_options);
  [[nodiscard]] AsyncCall<Result<bool>> async_expire(std::string_view key, TimeToLive time_to_live,
                                                     const Options& options = detail::usual_call_options);
  [[nodiscard]] AsyncCall<Result<bool>> async_persist(std::string_view key,
                                                      const Options& options = detail::usual_call_options);

  // Many keys. `results` is written when the caller goes on, and has to exist until then. The call succeeds
  // when `results` has been written, with failures of items in it; after a failure of the call it is as it
  // was.
  [[nodiscard]] AsyncCall<Status> async_get_many(Keys keys, std::span<Lookup> results,
                                                 const Options& options = detail::usual_call_options);
  [[nodiscard]] AsyncCall<Status> async_set_many(std::span<const CacheEntry> entries,
                                                 std::span<Status> results,
                                                 const Options& options = detail::usual_call_options);
  [[nodiscard]] AsyncCall<Status> async_remove_many(Keys keys, std::span<Result<bool>> results,
                                                    const Options& options = detail::usual_call_options);
  [[nodiscard]] AsyncCall<Status> async_time_to_live_many(
      Keys keys, std::span<Result<Remaining>> results, const Options& options = detail::usual_call_options);

  /// `position` and `keys` are written when the caller goes on, and have to exist until then.
  [[nodiscard]] AsyncCall<Status> async_scan(std::string_view pattern, ScanPosition& position,
                                             std::vector<std::string>& keys,
                                             const Options& options = detail::usual_call_options);
  [[nodiscard]] AsyncCall<Result<std::uint64_t>> async_remove_matching(
      std::string_view pattern, const Options& options = detail::usual_call_options);
  [[nodiscard]] AsyncCall<Status> async_clear(const Options& options = detail::usual_call_options);
  [[nodiscard]] AsyncCall<Result<std::uint64_t>> async_size(
      const Options& options = detail::usual_call_options);

 protected:
  /// Whether calls of this cache may wait, which does not change. When none ever does, asynchronous calls are
  /// made at once, on the calling thread, by `do_read`, `do_write` and `do_begin`.
  [[nodiscard]] virtual bool may_wait() const noexcept { return true; }
  /// Begins an asynchronous call of a cache that may wait: see AsyncRequest. True when it has its answer. By
  /// default a thread of the pool makes the call by `do_begin`. The arguments follow the rules of ICache. An
  /// exception becomes a failure; none may be thrown once the request has been suspended.
  virtual bool do_begin_async(AsyncRequest& request);

 private:
  friend class async::CacheAccess;
  friend class AsyncRequest;
  friend class CacheLayer;

  enum class Waits : std::uint8_t { unknown, never, perhaps };

  [[nodiscard]] ICache& self() noexcept;
  [[nodiscard]] bool never_waits() const noexcept {
    const auto waits = waits_.load(std::memory_order_relaxed);
    if (waits == Waits::never) [[likely]]
      return true;
    return waits == Waits::unknown && look_whether_it_waits();
  }
  [[nodiscard]] bool look_whether_it_waits() const noexcept;

  mutable std::atomic<Waits> waits_{Waits::unknown};  // `may_wait`, asked once
};

}  // namespace cachesite
