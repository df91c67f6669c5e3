#pragma once

#include <cachesite/bytes.hpp>
#include <cachesite/component.hpp>
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

/// A cache whose entries can carry tags, and all entries of a tag be ended at once:
///
///     cache->write_tagged("product:7", page, 1h, {"products", "shelf:3"});
///     cache->evict_tags({"shelf:3"});                      // product:7 is a miss from here on
///
/// A tag is 1 byte to 1 KiB of any bytes. A tag given twice does no harm. Everything is checked before
/// anything is done: `bad_argument` for an empty tag or more than `most_tags`, `too_large` for a long one.
/// All calls are safe from any thread and do not throw.
class ITaggedCache : public Interface<ITaggedCache, "ITaggedCache"> {
 public:
  static constexpr std::size_t longest_tag = 1024;
  static constexpr std::size_t most_tags = 64;

  /// Stores `value`, or a cached null for std::nullopt, as `ICache::write` does, and ties it to `tags`. An
  /// entry that was there before, with whatever tags, is replaced. Without tags this is an ordinary write.
  ///
  /// A write that runs while one of its tags is evicted is either done before, and evicted, or not served.
  Status write_tagged(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live,
                      std::span<const std::string_view> tags) noexcept {
    return guarded_call<Done>([&] { return do_write_tagged(key, value, time_to_live, tags); });
  }
  Status write_tagged(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live,
                      std::initializer_list<std::string_view> tags) noexcept {
    return write_tagged(key, value, time_to_live,
                        std::span<const std::string_view>(tags.begin(), tags.size()));
  }
  /// The same for as long as the cache is set to; `bad_argument` when it is set to nothing.
  Status write_tagged(std::string_view key, std::optional<ByteView> value,
                      std::span<const std::string_view> tags) noexcept {
    return write_tagged(key, value, TimeToLive::unspecified(), tags);
  }
  Status write_tagged(std::string_view key, std::optional<ByteView> value,
                      std::initializer_list<std::string_view> tags) noexcept {
    return write_tagged(key, value, TimeToLive::unspecified(), tags);
  }

  /// Ends all entries that carry one of `tags`, as far as they were written with `write_tagged` before. What
  /// the number counts depends on the implementation: see TaggedCache. Without tags it does nothing, returns
  /// 0 and does not count in `CacheStatistics::tag_evictions`.
  Result<std::uint64_t> evict_tags(std::span<const std::string_view> tags) noexcept {
    return guarded_call<std::uint64_t>([&] { return do_evict_tags(tags); });
  }
  Result<std::uint64_t> evict_tags(std::initializer_list<std::string_view> tags) noexcept {
    return evict_tags(std::span<const std::string_view>(tags.begin(), tags.size()));
  }

  /// Why tags are refused, if they are.
  [[nodiscard]] static std::optional<Error> check_tags(std::span<const std::string_view> tags) noexcept;
  /// The same for the tags of one entry.
  [[nodiscard]] static std::optional<Error> check_entry_tags(std::span<const std::string_view> tags) noexcept;

 protected:
  // What an implementation provides; it checks its arguments itself, and finds the TTL that is left to it. An
  // exception that escapes becomes a failure, as with ICache.
  virtual Status do_write_tagged(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live,
                                 std::span<const std::string_view> tags) = 0;
  virtual Result<std::uint64_t> do_evict_tags(std::span<const std::string_view> tags) = 0;
};

}  // namespace cachesite
