#pragma once

#include <cachesite/bytes.hpp>
#include <cachesite/component.hpp>
#include <cachesite/detail/async_call_names.hpp>
#include <cachesite/detail/guarded_call.hpp>
#include <cachesite/error.hpp>
#include <cachesite/result.hpp>
#include <cachesite/time_to_live.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>

namespace cachesite {

class ICache;

/// A cache whose entries can have tags. One call invalidates all entries of a tag:
///
///     cache->write_tagged("product:7", page, 1h, {"products", "shelf:3"});
///     cache->evict_tags({"shelf:3"});                      // product:7 is a miss from here on
///
/// A tag has 1 byte to 1 KiB, of any bytes. Tags may repeat. All arguments are checked first: `bad_argument`
/// for an empty tag or more than `most_tags`, `too_large` for a long one. All calls are safe from any thread
/// and do not throw.
class ITaggedCache : public Interface<ITaggedCache, "ITaggedCache"> {
 public:
  static constexpr std::size_t longest_tag = 1024;
  static constexpr std::size_t most_tags = 64;

  /// Stores `value`, or a cached null for std::nullopt, as `ICache::write` does, with `tags`. It replaces an
  /// existing entry and its tags. Without tags this is an ordinary write.
  ///
  /// A write at the same time as an eviction of one of its tags is either evicted or never served.
  Status write_tagged(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live,
                      std::span<const std::string_view> tags) noexcept {
    return guarded_call<Done>([&] { return do_write_tagged(key, value, time_to_live, tags); },
                              Outcome::unknown);
  }
  Status write_tagged(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live,
                      std::initializer_list<std::string_view> tags) noexcept {
    return write_tagged(key, value, time_to_live,
                        std::span<const std::string_view>(tags.begin(), tags.size()));
  }
  /// The same with the TTL of the cache; `bad_argument` when the cache has none.
  Status write_tagged(std::string_view key, std::optional<ByteView> value,
                      std::span<const std::string_view> tags) noexcept {
    return write_tagged(key, value, TimeToLive::unspecified(), tags);
  }
  Status write_tagged(std::string_view key, std::optional<ByteView> value,
                      std::initializer_list<std::string_view> tags) noexcept {
    return write_tagged(key, value, TimeToLive::unspecified(), tags);
  }

  /// Invalidates all entries that were written with one of `tags`. The implementation says what the returned
  /// number counts: see TaggedCache. Without tags it does nothing, returns 0 and does not count in
  /// `CacheStatistics::tag_evictions`.
  Result<std::uint64_t> evict_tags(std::span<const std::string_view> tags) noexcept {
    return guarded_call<std::uint64_t>([&] { return do_evict_tags(tags); }, Outcome::unknown);
  }
  Result<std::uint64_t> evict_tags(std::initializer_list<std::string_view> tags) noexcept {
    return evict_tags(std::span<const std::string_view>(tags.begin(), tags.size()));
  }

  // The asynchronous calls; include <cachesite/async_call.hpp> to use them. Each does what the call without
  // `async_` does, and its arguments have to be valid until it has begun: see AsyncCacheCalls. A cache that never
  // waits ends it at once; all others are called on a thread of the shared pool. This object has to exist until
  // its calls have ended; one that is an ICache which a std::shared_ptr owns keeps itself alive.

  /// `write_tagged` for programs that do not wait.
  ///
  ///     auto written = co_await cache->async_write_tagged("product:7", page, 1h, tags);
  [[nodiscard]] AsyncCall<Status> async_write_tagged(std::string_view key, std::optional<ByteView> value,
                                                     TimeToLive time_to_live,
                                                     std::span<const std::string_view> tags,
                                                     const CallOptions& options = detail::usual_call_options);
  [[nodiscard]] AsyncCall<Status> async_write_tagged(std::string_view key, std::optional<ByteView> value,
                                                     TimeToLive time_to_live,
                                                     std::initializer_list<std::string_view> tags,
                                                     const CallOptions& options = detail::usual_call_options);
  /// `evict_tags` for programs that do not wait.
  [[nodiscard]] AsyncCall<Result<std::uint64_t>> async_evict_tags(
      std::span<const std::string_view> tags, const CallOptions& options = detail::usual_call_options);
  [[nodiscard]] AsyncCall<Result<std::uint64_t>> async_evict_tags(
      std::initializer_list<std::string_view> tags, const CallOptions& options = detail::usual_call_options);

  /// The reason to refuse tags; empty when they are valid.
  [[nodiscard]] static std::optional<Error> check_tags(std::span<const std::string_view> tags) noexcept;
  /// The same for the tags of one entry.
  [[nodiscard]] static std::optional<Error> check_entry_tags(std::span<const std::string_view> tags) noexcept;

 protected:
  // What an implementation provides; it checks its arguments itself, and finds the TTL that is left to it. An
  // exception that escapes becomes a failure, as with ICache.
  virtual Status do_write_tagged(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live,
                                 std::span<const std::string_view> tags) = 0;
  virtual Result<std::uint64_t> do_evict_tags(std::span<const std::string_view> tags) = 0;
  /// The cache that asynchronous calls keep alive: this one, if it is an ICache. Null: none.
  [[nodiscard]] virtual ICache* async_owner() noexcept;
};

}  // namespace cachesite
