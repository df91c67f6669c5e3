#pragma once

#include <cachesite/cache_request.hpp>
#include <cachesite/component.hpp>
#include <cachesite/error.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cachesite {

/// One call of a cache, as hooks see it. It owns nothing, and is only valid during the event.
struct CacheCall {
  CacheOperation operation = CacheOperation::read;
  /// The cache as messages call it, such as `HookedCache "sessions"`.
  std::string_view cache;
  /// The key as the caller gave it, without prefixes of lower layers; for `scan` and `remove_matching` the
  /// pattern; empty for a batch, `clear` and `size`.
  std::string_view key;
  /// Number of keys: 1, or those of a batch; 0 for `scan`, `remove_matching`, `clear` and `size`.
  std::size_t keys = 0;
};

/// How a successful call ended.
struct CacheCallResult {
  enum class Kind : std::uint8_t {
    hit,       ///< a read that found a value
    null,      ///< a read that found a cached null
    miss,      ///< a read that found nothing
    done,      ///< any other call that did its work, or answered yes
    not_done,  ///< any other call that answered no, such as `add` of an existing key
  };
  Kind kind = Kind::done;
  /// Of a batch, the keys that were found (nulls included), stored or removed; of `scan` the keys found by
  /// this step; of `remove_matching` the entries removed; of `size` the entries. Otherwise 0.
  std::uint64_t count = 0;
  /// Of a batch, the keys that failed while others did not.
  std::uint64_t failed = 0;
  /// Of a hit or null: its TTL has ended (see Lookup::stale).
  bool stale = false;
};

[[nodiscard]] constexpr std::string_view to_string(CacheCallResult::Kind kind) noexcept {
  switch (kind) {
    case CacheCallResult::Kind::hit:
      return "hit";
    case CacheCallResult::Kind::null:
      return "null";
    case CacheCallResult::Kind::miss:
      return "miss";
    case CacheCallResult::Kind::done:
      return "done";
    case CacheCallResult::Kind::not_done:
      return "not_done";
  }
  return "unknown";
}

/// Called for every call of a cache: for tracing, auditing, your own metrics. HookedCache calls it.
///
/// Each `before` is followed by exactly one `after` or `on_error`, on the same thread; several hooks are
/// called in their order, also at the end. Nested calls (a hook that uses a cache, or one hooked cache over
/// another) end before the outer call, so a hook can keep its state on a per-thread stack. A batch is one
/// call. A call with refused arguments has no events.
///
/// A hook sees keys and never values. It runs on the thread of the caller, so it should be fast. Its
/// exceptions are caught and logged, and do not affect the caller or other hooks. Several threads call it at
/// once.
///
/// An asynchronous call over a server is made by a thread of a pool, so that all of this holds for it, too. If no hook
/// `needs_thread`, it is made without one.
///
/// OpenTelemetryHook is one: it makes a span of each call.
class ICacheHook : public Interface<ICacheHook, "ICacheHook"> {
 public:
  /// The call begins.
  virtual void before(const CacheCall& call) = 0;
  /// The call succeeded after `duration`.
  virtual void after(const CacheCall& call, const CacheCallResult& result,
                     std::chrono::nanoseconds duration) = 0;
  /// The call failed; a batch, for every key, with the `error` of the first.
  virtual void on_error(const CacheCall& call, const Error& error, std::chrono::nanoseconds duration) = 0;
  /// False for a hook none of whose events blocks, and to which it does not matter on which thread they come. The end
  /// of an asynchronous call then comes on the thread that ends it, such as that of an event loop, and between may be
  /// events of other calls. When the caller leaves before, it is an `on_error` with `closed`. Does not change.
  [[nodiscard]] virtual bool needs_thread() const noexcept { return true; }
};

}  // namespace cachesite
