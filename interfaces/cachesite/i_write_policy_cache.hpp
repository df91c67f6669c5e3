#pragma once

#include <cachesite/bytes.hpp>
#include <cachesite/component.hpp>
#include <cachesite/detail/guarded_call.hpp>
#include <cachesite/error.hpp>
#include <cachesite/result.hpp>
#include <cachesite/time_span.hpp>
#include <cachesite/time_to_live.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

namespace cachesite {

/// How far a write to the origin and the cache came that did not fail.
enum class OriginWrite : std::uint8_t {
  written,     ///< the origin and the cache have the value
  queued,      ///< the cache has the value, the origin follows
  not_cached,  ///< the origin has the value; the cache could not store it, and holds no older one either
  stale,       ///< the origin has the value; the cache could neither store it nor remove an older one
};

/// What was done by write policies since the component was made. All values that were `queued` are written,
/// replaced, lost, or waiting now.
struct WritePolicyStatistics {
  std::uint64_t written_through = 0;  ///< values that the origin took in the caller's own call
  std::uint64_t queued = 0;           ///< values accepted to be written behind
  std::uint64_t written_behind = 0;   ///< of these, those that the origin took
  std::uint64_t replaced = 0;         ///< of these, those that gave way to a newer value of their key
  std::uint64_t retried = 0;          ///< attempts that failed and were, or will be, made again
  std::uint64_t lost = 0;             ///< values that were given up
  std::uint64_t refused = 0;          ///< values that were not accepted because the queue was full
  std::uint64_t waiting = 0;          ///< values in the queue now, those being written included
};

/// Writes values to where they come from, a database for instance, together with the cache.
///
/// The arguments follow the rules of `ICache::write` and are checked before anything is done. All calls are
/// safe from any thread and do not throw. With `tags` the cache has to be an ITaggedCache as well
/// (`unsupported` otherwise).
class IWritePolicyCache : public Interface<IWritePolicyCache, "IWritePolicyCache"> {
 public:
  /// Writes one value to the origin; std::nullopt stands for a cached null. Safe to be called from any
  /// thread. An exception counts as a failure with `Outcome::unknown`: it may come after the work was done.
  using Writer = std::function<Status(std::string_view key, std::optional<ByteView> value)>;

  /// The origin first: `writer` is called on this thread, and only when it succeeds the value is cached. Its
  /// failure is returned as it is and the cache stays as it was, except that an entry is removed when the
  /// writer's outcome is unknown. When the cache cannot store the value, the older one is removed from it:
  /// see OriginWrite. Values of the key that wait to be written behind are written first.
  Result<OriginWrite> write_through(std::string_view key, std::optional<ByteView> value,
                                    TimeToLive time_to_live, const Writer& writer,
                                    std::initializer_list<std::string_view> tags = {}) noexcept {
    return guarded_call<OriginWrite>([&] {
      return do_write_through(key, value, time_to_live, writer, {tags.begin(), tags.size()});
    });
  }

  /// The same for as long as the cache is set to; `bad_argument` when it is set to nothing.
  Result<OriginWrite> write_through(std::string_view key, std::optional<ByteView> value, const Writer& writer,
                                    std::initializer_list<std::string_view> tags = {}) noexcept {
    return write_through(key, value, TimeToLive::unspecified(), writer, tags);
  }

  /// The cache first: the value is cached, and `writer` is called on a thread of the component soon. Values
  /// of one key are written in their order. A failure says that this value is neither cached nor queued, but
  /// an older entry of the key may be gone from the cache; and when the queue is full and the component is
  /// set to write through then (`on_full`), the origin may have been written: it is a failure of
  /// `write_through`.
  Result<OriginWrite> write_behind(std::string_view key, std::optional<ByteView> value,
                                   TimeToLive time_to_live, Writer writer,
                                   std::initializer_list<std::string_view> tags = {}) noexcept {
    return guarded_call<OriginWrite>([&] {
      return do_write_behind(key, value, time_to_live, std::move(writer), {tags.begin(), tags.size()});
    });
  }

  Result<OriginWrite> write_behind(std::string_view key, std::optional<ByteView> value, Writer writer,
                                   std::initializer_list<std::string_view> tags = {}) noexcept {
    return write_behind(key, value, TimeToLive::unspecified(), std::move(writer), tags);
  }

  /// Waits until everything that waited at the time of the call is written or lost; `timeout` when that takes
  /// longer than `limit`.
  Status flush(TimeSpan limit) noexcept {
    return guarded_call<Done>([&] { return do_flush(limit.milliseconds()); });
  }

  [[nodiscard]] virtual WritePolicyStatistics write_policy_statistics() const = 0;

 protected:
  // What an implementation provides. An exception that escapes becomes a failure, as with ICache.
  virtual Result<OriginWrite> do_write_through(std::string_view key, std::optional<ByteView> value,
                                               TimeToLive time_to_live, const Writer& writer,
                                               std::span<const std::string_view> tags) = 0;
  virtual Result<OriginWrite> do_write_behind(std::string_view key, std::optional<ByteView> value,
                                              TimeToLive time_to_live, Writer writer,
                                              std::span<const std::string_view> tags) = 0;
  virtual Status do_flush(std::chrono::milliseconds limit) = 0;
};

}  // namespace cachesite
