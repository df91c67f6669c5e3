#pragma once

#include <cachesite/cache_request.hpp>
#include <cachesite/component.hpp>
#include <cachesite/error.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cachesite {

/// One call of a cache, as hooks see it. It owns nothing, and is valid during the event only.
struct CacheCall {
  CacheOperation operation = CacheOperation::read;
  /// The cache as messages call it, such as `HookedCache "sessions"`.
  std::string_view cache;
  /// The key as the caller gave it, without the prefixes that are added further down; of `scan` and
  /// `remove_matching` the pattern; empty for a batch, `clear` and `size`.
  std::string_view key;
  /// Number of keys: 1, or those of a batch; 0 for `scan`, `remove_matching`, `clear` and `size`.
  std::size_t keys = 0;
};

/// How a call ended that had an answer.
struct CacheCallResult {
  enum class Kind : std::uint8_t {
    hit,       ///< a read that found a value
    null,      ///< a read that found a cached null
    miss,      ///< a read that found nothing
    done,      ///< any other call that did what it was asked to, or answered yes
    not_done,  ///< any other call that answered no, such as `add` of a key that is there
  };
  Kind kind = Kind::done;
  /// Of a batch, the keys that were found (nulls included), stored or removed; of `scan` the keys found by
  /// this step; of `remove_matching` the entries removed; of `size` the entries. Otherwise 0.
  std::uint64_t count = 0;
  /// Of a batch, the keys that failed while others did not.
  std::uint64_t failed = 0;
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

/// Told about every call of a cache: for tracing, auditing, metrics of one's own. HookedCache calls it.
///
/// Each `before` is followed by exactly one `after` or `on_error`, on the same thread; several hooks are
/// called in their order, for the ending too. A call within a call (a hook that uses a cache itself, or one
/// hooked cache over another) begins and ends within it, so what belongs to an open call can be kept on a
/// stack of the thread. A batch is one call. A call that is refused for its arguments never begins.
///
/// A hook sees keys and never values. It runs in the caller's thread and in the caller's time: it should be
/// quick. What it throws is caught and logged, and changes nothing for the caller or for other hooks. Calls
/// come from many threads at once.
///
/// OpenTelemetryHook is one: it makes a span of each call.
class ICacheHook : public Interface<ICacheHook, "ICacheHook"> {
 public:
  /// The call begins.
  virtual void before(const CacheCall& call) = 0;
  /// It had an answer, `duration` after it began.
  virtual void after(const CacheCall& call, const CacheCallResult& result,
                     std::chrono::nanoseconds duration) = 0;
  /// It failed; of a batch, for every key, `error` being that of the first.
  virtual void on_error(const CacheCall& call, const Error& error, std::chrono::nanoseconds duration) = 0;
};

}  // namespace cachesite
