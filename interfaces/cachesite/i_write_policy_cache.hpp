#pragma once

#include <cachesite/bytes.hpp>
#include <cachesite/component.hpp>
#include <cachesite/detail/guarded_call.hpp>
#include <cachesite/detail/time_span.hpp>
#include <cachesite/error.hpp>
#include <cachesite/result.hpp>
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

/// What a successful write to the origin and the cache did.
enum class OriginWrite : std::uint8_t {
  written,     ///< the origin and the cache have the value
  queued,      ///< the cache has the value; the origin will get it
  not_cached,  ///< the origin has the value; the cache holds none
  stale,       ///< the origin has the value; the cache may hold an older one
};

/// Counters of write policies since the component was created. Every value that was `queued` is written,
/// replaced, lost, or waiting now.
struct WritePolicyStatistics {
  std::uint64_t written_through = 0;  ///< values that the origin accepted during the call
  std::uint64_t queued = 0;           ///< values accepted to be written behind
  std::uint64_t written_behind = 0;   ///< of these, accepted by the origin
  std::uint64_t replaced = 0;         ///< of these, replaced by a newer value of their key
  std::uint64_t retried = 0;          ///< failed attempts that were, or will be, repeated
  std::uint64_t lost = 0;             ///< values that were given up
  std::uint64_t refused = 0;          ///< values refused because the queue was full
  std::uint64_t waiting = 0;          ///< values in the queue now, including those being written
};

/// Writes values to their origin, such as a database, together with the cache.
///
/// The arguments follow the rules of `ICache::write` and are checked first. All calls are safe from any
/// thread and do not throw. With `tags` the cache has to be an ITaggedCache as well (`unsupported`
/// otherwise).
class IWritePolicyCache : public Interface<IWritePolicyCache, "IWritePolicyCache"> {
 public:
  /// Writes one value to the origin; std::nullopt means a cached null. Must be thread-safe. An exception
  /// counts as a failure with `Outcome::unknown`, since the value may have been written.
  using Writer = std::function<Status(std::string_view key, std::optional<ByteView> value)>;

  /// The origin first: `writer` runs on this thread, and the value is cached only if it succeeds. Its failure
  /// is returned unchanged, and the cache does not change; but when the writer's outcome is unknown, the
  /// entry is removed. When the cache cannot store the value, the older one is removed from it: see
  /// OriginWrite. Queued values of the key are written first.
  Result<OriginWrite> write_through(std::string_view key, std::optional<ByteView> value,
                                    TimeToLive time_to_live, const Writer& writer,
                                    std::initializer_list<std::string_view> tags = {}) noexcept {
    return guarded_call<OriginWrite>(
        [&] {
          return do_write_through(key, value, time_to_live, writer, {tags.begin(), tags.size()});
        },
        Outcome::unknown);
  }

  /// The same with the TTL of the cache; `bad_argument` when the cache has none.
  Result<OriginWrite> write_through(std::string_view key, std::optional<ByteView> value, const Writer& writer,
                                    std::initializer_list<std::string_view> tags = {}) noexcept {
    return write_through(key, value, TimeToLive::unspecified(), writer, tags);
  }

  /// The cache first: the value is cached, and a thread of the component calls `writer` soon. Values of one
  /// key are written in their order. After a failure this value is not queued, and with Outcome::not_done not
  /// cached either, but an older entry of the key may be gone from the cache. When the queue is full and `on_full` is write_through, it
  /// is a failure of `write_through`, and the origin may have been written.
  Result<OriginWrite> write_behind(std::string_view key, std::optional<ByteView> value,
                                   TimeToLive time_to_live, Writer writer,
                                   std::initializer_list<std::string_view> tags = {}) noexcept {
    return guarded_call<OriginWrite>(
        [&] {
          return do_write_behind(key, value, time_to_live, std::move(writer), {tags.begin(), tags.size()});
        },
        Outcome::unknown);
  }

  Result<OriginWrite> write_behind(std::string_view key, std::optional<ByteView> value, Writer writer,
                                   std::initializer_list<std::string_view> tags = {}) noexcept {
    return write_behind(key, value, TimeToLive::unspecified(), std::move(writer), tags);
  }

  /// Waits until all values that are queued now are written or lost; `timeout` when that takes longer than
  /// `limit`.
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
